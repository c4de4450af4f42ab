"""The report as one HTML page."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tumorscope.evaluation.rendering import Picture, render_report
from tumorscope.evaluation.rendering.limit_ranking import first_limits
from tumorscope.evaluation.rendering.limits import find_limits, weigh_limits

VOID = {"meta", "link", "br", "img", "wbr"}
FETCHING = {"src", "srcset", "poster", "data", "action", "background", "ping"}


class Page(HTMLParser):
    """Collects tags, attributes, figures and texts, and checks that tags close."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.numbers, self.open, self.words = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs), tuple(self.open)))
        if tag == "data":
            self.numbers.append(dict(attrs)["value"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs), tuple(self.open)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def all_of(self, tag):
        return [attrs for name, attrs, _ in self.tags if name == tag]

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def _leaves(value):
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)
    else:
        yield value


@pytest.fixture(scope="module")
def drawn():
    """Return pages by name: drawing one takes about a second."""
    return {}


@pytest.fixture
def full_text(report, context, drawn):
    """Return a page with everything on it."""
    if "full" not in drawn:
        drawn["full"] = render_report(report, context)
    return drawn["full"]


@pytest.fixture
def minimal_text(report, minimal, drawn):
    """Return a page that was told the least."""
    if "minimal" not in drawn:
        drawn["minimal"] = render_report(report, minimal)
    return drawn["minimal"]


@pytest.fixture
def degenerate(evaluate):
    """Return a report of one class, one patient, without site, position or threshold."""
    return evaluate(
        label=0,
        group="one",
        patient_id=None,
        site=None,
        slice_index=None,
        slice_count=None,
        fold="one",
        threshold_probability=None,
        grouping="near-duplicates",
    )


def test_page_asks_no_other_host_and_runs_no_script(full_text):
    """Everything that a browser would fetch lies inside the file."""
    page = Page(full_text)

    assert not page.open
    forbidden = {"script", "iframe", "object", "embed", "base", "form"}
    assert not forbidden & {tag for tag, _, _ in page.tags}
    assert "://" not in full_text
    assert "@import" not in full_text
    assert "url(" not in full_text.replace("url(#", "")
    for tag, attrs, _ in page.tags:
        fetched = [attrs[name] for name in FETCHING & set(attrs)]
        fetched += [attrs["href"]] if "href" in attrs else []
        assert all(each.startswith(("#", "data:")) for each in fetched), tag
        assert not [name for name in attrs if name.startswith("on")]


def test_ids_are_unique_and_every_anchor_has_its_target(full_text):
    """The contents and the pieces of the plots lead to one place each."""
    page = Page(full_text)
    ids = [attrs["id"] for _, attrs, _ in page.tags if "id" in attrs]
    targets = [attrs["href"][1:] for attrs in page.all_of("a")]
    targets += [attrs["href"][1:] for attrs in page.all_of("use")]

    assert len(ids) == len(set(ids))
    assert set(targets) <= set(ids)


def test_every_picture_has_words_and_every_plot_its_numbers(full_text):
    """Nothing is told by a picture alone."""
    page = Page(full_text)
    plots = page.all_of("svg")

    assert len(page.all_of("img")) == 5
    assert all(attrs["alt"].strip() for attrs in page.all_of("img"))
    assert (
        len(plots) == 3 + 1 + 2 + 1 + 2 + 2 + 2
    )  # curves, reliability, benefit, baselines, subgroups, maps, training
    assert all(attrs["role"] == "img" and attrs["aria-label"] for attrs in plots)
    for figure in full_text.split('<figure class="plot-card')[1:]:
        assert "<summary>" in figure.split("</figure>")[0]
        assert "<tbody>" in figure.split("</figure>")[0]


def test_notice_stands_at_the_top_at_the_end_and_on_every_printed_page(full_text):
    """A reader of any page of a print-out sees that this is for research only."""
    notice = "Research use only. Not a medical device."
    body = full_text[full_text.index("<body>") :]

    assert body.index(notice) < body.index("<h1>")
    assert notice in body[body.index("<footer>") : body.index("</footer>")]
    assert notice in body[body.index('class="print-notice"') :]
    assert "table-footer-group" in full_text


def test_first_screen_holds_three_limits_and_five_figures(report, context, full_text):
    """Warnings stand above the numbers, everything else behind headings."""
    first = full_text[full_text.index("<main>") : full_text.index('class="parts"')]
    chosen = first_limits(weigh_limits(report, context))

    assert first.count("<li><strong>") == len(chosen) == 3
    for limit in chosen:
        assert first.index(limit.lead) < first.index("<data ")
    assert first.count('<span class="label">') == 5
    assert "<table" not in first
    assert f"All {len(find_limits(report, context))} limits" in first


def test_all_limits_stand_behind_a_heading(report, context, full_text):
    """What did not get onto the first screen is one click away, and complete."""
    part = full_text[full_text.index('id="all-limits"') :]
    part = part[: part.index("</details>")]

    assert "Every patient of this set has a tumor." in part
    assert "Two epochs only." in part
    assert part.count("<strong>") == len(find_limits(report, context))


def test_every_part_opens_without_script_and_prints_open(full_text):
    """Each heading is the summary of a closed part whose anchor lies inside it."""
    page = Page(full_text)
    parts = [attrs for attrs in page.all_of("details") if attrs.get("class") == "part"]

    assert len(parts) == 14
    assert not any("open" in attrs for attrs in parts)
    assert "details.part::details-content { content-visibility: visible;" in full_text
    for text in full_text.split('<details class="part"')[1:]:
        assert text.index("</summary>") < text.index('<div class="body" id="')


def test_new_figures_are_on_the_page_with_all_digits(report, full_text):
    """Sensitivity at t95, slope, patients and net benefit are numbers of the report."""
    page = Page(full_text)
    scale, patients = report.scales[0], report.patients[1]
    told = (
        report.at_ranked.sensitivity,
        *(scale.slope, scale.intercept),
        *(patients.hit, patients.false_positives, patients.without_false_positive),
        report.decision_curve.points[-1].over_all,
    )

    assert {str(each.value) for each in told} <= set(page.numbers)


def test_printed_figures_are_those_of_the_json_report(report, full_text):
    """Each figure of report.json is on the page with all its digits."""
    page = Page(full_text)
    content = report.as_dict()

    told = [figure["value"] for figure in content["ranking"].values()]
    for point in ("at_half", "at_tuned"):
        told += [figure["value"] for figure in content[point]["metrics"].values()]
        told += content[point]["confusion"].values()
    told += [
        content["calibration"]["estimate"]["value"],
        content["calibration"]["null_high"],
    ]
    told += [each["difference"]["value"] for each in content["baselines"]]
    for kind in ("by_site", "by_fold"):
        told += [each["ranking"]["auroc"]["value"] for each in content[kind]]
    for kind in ("worst_false_positives", "worst_false_negatives"):
        told += [each["tumor_probability"] for each in content[kind]]
    known = [value for value in told if value is not None]
    assert len(known) > 30
    assert {str(value) for value in known} <= set(page.numbers)
    for estimate in report.ranking:
        assert (
            f"cannot be assessed: {estimate.reason}" in page.text or not estimate.reason
        )


def test_page_shows_no_figure_that_the_values_do_not_hold(report, minimal_text):
    """Numbers are laid out, not computed: beside sums and shares of counts, none is new."""
    known = {str(leaf) for leaf in _leaves(report.as_dict())}
    counts = report.at_half.confusion, report.at_tuned.confusion
    known |= {str(each.true_positive + each.false_negative) for each in counts}
    known |= {str(each.true_negative + each.false_positive) for each in counts}
    bins = report.reliability[0]
    tumor = (bins.tumor_share * bins.n_slices)[bins.n_slices > 0].round().astype(int)
    known |= {str(value) for value in tumor}
    known |= {str(value) for value in bins.n_slices[bins.n_slices > 0] - tumor} | {"0"}

    assert set(Page(minimal_text).numbers) <= known


def test_names_from_data_cannot_become_markup(simulate, evaluate, context, png):
    """A file, site or run name with HTML, control characters or "$" is shown as it is."""
    evil = '<script>alert("x")</script>&$\\frac{\x1b'
    predictions = simulate()
    images = [f"{evil}{number}.png" for number in range(len(predictions.table))]
    report = evaluate(
        image=images,
        site=[
            f"{evil}{patient}" for patient in predictions.table["patient_id"].str[-1]
        ],
    )
    told = replace(
        context,
        run_name=evil,
        source=evil,
        notes=(evil,),
        recipe={evil: evil},
        history={evil: context.history["fold-0"]},
        pictures={},
        overlays=(Picture(caption=evil, content=png),),
        localization=(replace(context.localization[0], method=evil, rule=evil),),
    )

    text = render_report(report, told)

    page = Page(text)
    assert not page.open
    assert not page.all_of("script")
    assert "\x1b" not in text
    assert '<script>alert("x")</script>&$\\frac{\N{REPLACEMENT CHARACTER}' in page.text


def test_report_without_any_figure_still_renders(degenerate, minimal):
    """One class, one group, no site, no threshold: the page says so and invents nothing."""
    estimates = [*degenerate.ranking, *degenerate.at_tuned.metrics]
    assert all(each.reason for each in estimates)

    page = Page(render_report(degenerate, minimal))

    assert not page.open
    assert page.text.count("cannot be assessed") > 15
    assert "grouped by near-duplicates, not by patient" in page.text
    assert "nan" not in page.text.lower().split()
    assert "nan" not in page.numbers
    assert "One class only." in page.text


def test_error_without_picture_is_listed(report, minimal_text):
    """A slice whose picture is not at hand still has its name and score."""
    page = Page(minimal_text)

    assert page.text.count("no picture") == 4
    worst = report.worst_false_positives[0]
    assert str(worst.tumor_probability) in page.numbers
    assert worst.image.rpartition("/")[2] in page.text


def test_rendering_the_same_values_gives_the_same_page(report, minimal, minimal_text):
    """A page depends on its values only: no clock, no random ids."""
    assert render_report(report, minimal) == minimal_text


def test_wide_tables_can_be_reached_by_keyboard(full_text):
    """Each scrolling region takes the focus and has a name."""
    page = Page(full_text)
    regions = [a for a in page.all_of("div") if a.get("class", "").startswith("scroll")]

    assert regions
    assert all(a["tabindex"] == "0" and a["aria-label"] for a in regions)
    assert page.all_of("a")[0]["href"] == "#results"


def test_a_map_that_failed_is_marked_beside_its_figures(report, context):
    """Failed and unchecked are told apart; a trivial map is neither."""
    own, trivial = context.localization
    rows = (
        replace(own, verdict="failed"),
        replace(own, method="cam"),
        replace(own, method="occlusion", verdict="passed"),
        replace(trivial, verdict="no model"),
    )

    page = render_report(report, replace(context, localization=rows))

    assert page.count("<strong>(not to be trusted)</strong>") == 1
    assert page.count("<strong>(not to be trusted: not checked)</strong>") == 1
