"""Tests of the study page in a real browser: result, abstention, reading first, feedback."""

from __future__ import annotations

import re

import pytest

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.debian("chromium")]

NUMBER = re.compile(r"0[.,]\d\d")


def findings(page):
    """Return the words right of the pictures."""
    return re.sub(r"\s+", " ", page.locator(".findings").inner_text())


def test_a_result_says_how_sure_it_is_and_how_often_such_scores_were_right(study_page):
    """Number, interval, threshold and its origin, frequencies, rates with their set."""
    words = findings(study_page())

    for part in (
        "Tumor probability of the highest slice 0.89 Above threshold",
        "In testing, 0.84 to 0.93 of the slices with such a score showed a tumor",
        "4 of 17 scored slices are above the threshold.",
        "no study is called positive or negative",
        "Of 100 slices scored 0.80 to 0.95, 86 showed a tumor (n = 110).",
        "Slices referred to a reader: 1. Slices not assessed: 2.",
        "0.42 · fixed for a specificity of 0.95 on 310 tuning slices of 12 patients",
        "0.87 [0.79, 0.93] 240 slices, 22 patients",
        "0.91 [0.86, 0.95] 410 slices, 22 patients",
        "internal testing, grouped by patient",
        "Caution distribution: 2 of 20 slices lie far from the training data",
        "Scores single MRI slices of the head for signs of a brain tumor",
    ):
        assert part in words, part
    assert "diagnosis" not in words


def test_without_an_interval_the_page_says_why(study_page):
    """A missing interval is a sentence, not a gap."""
    words = findings(study_page("s-picture"))

    assert "No interval: no test of this model left one for such a score." in words


def test_rules_of_the_figures_are_folded_until_they_are_wanted(study_page):
    """What holds for every study does not stand between a reader and the findings."""
    page = study_page()
    note = page.get_by_text("The threshold was fixed for single slices.", exact=True)
    assert not note.is_visible()

    page.get_by_text("How the figures came about").click()

    assert note.is_visible()


def test_a_score_near_one_never_reads_as_certain(contract, study_page):
    """0.9993 is shown as above 0.99, and too few tested slices are counted, not scaled."""
    view = contract.studies["s-usual"].view
    best = view["series"][0]["highest"]
    best["tumor_probability"] = 0.9993
    for one in view["model"]["natural_frequencies"]:
        assert one["n"] >= 10
    view["model"] = view["model"] | {
        "natural_frequencies": [{"low": 0.95, "high": 1.0, "n": 7, "tumors": 7}]
    }

    page = study_page()

    assert page.locator(".result-value output").inner_text() == "> 0.99"
    assert "Only 7 slices were scored 0.95 to 1.00; 7 of them" in findings(page)


def test_the_prevalence_slider_counts_a_thousand_slices(study_page):
    """At 5 % and 87 %/91 % of 1,000 slices 129 are flagged, 44 rightly; more at 20 %."""
    page = study_page()
    panel = page.locator(".prevalence")
    assert "Of 1,000 slices, 129 are flagged; 44 of these show a tumor. PPV 0.34" in (
        re.sub(r"\s+", " ", panel.inner_text())
    )

    for _ in range(5):
        page.get_by_role("button", name="More: share with a tumor").click()
    page.get_by_role("slider", name="Share of slices").press("ArrowRight")

    words = re.sub(r"\s+", " ", panel.inner_text())
    # 110 with a tumor: 96 flagged; 890 without: 810 clear, 80 flagged.
    assert "11 %" in words
    assert (
        "Of 1,000 slices, 176 are flagged; 96 of these show a tumor. PPV 0.55" in words
    )
    assert "824 are not flagged; 14 of these show a tumor. NPV 0.98" in words


@pytest.mark.parametrize(
    ("study", "word"),
    [("s-refer", "Refer: no number shown"), ("s-refused", "Not assessed")],
)
def test_where_the_model_abstains_there_is_no_number_bar_color_or_map(
    contract, study_page, study, word
):
    """The reason stands where the number would be; checks stay, images too."""
    page = study_page(study)
    result = page.locator(".card", has=page.get_by_role("heading", name="Result"))

    assert word in result.inner_text()
    assert not NUMBER.search(result.inner_text())
    assert len(result.locator("li").all()) >= 1
    for part in (".probability-bar", ".strip", ".bar", ".bar-above", ".prevalence"):
        assert page.locator(part).count() == 0, part
    assert page.get_by_role("radio", name="Contour").count() == 0
    assert page.get_by_role("heading", name="Input checks").is_visible()
    page.keyboard.press("o")
    page.settle()
    assert not any("relevance" in path for _, path in contract.asked)


def test_one_referred_slice_refers_its_series(contract, study_page):
    """A series without a figure shows no number of any slice, whatever the server sends."""
    view = contract.studies["s-usual"].view
    for one in view["series"][0]["slice_results"]:
        if one["decision"] == "above threshold":
            reason = {"decision": "refer", "reasons": ["both labels are possible"]}
            one.update({"tumor_probability": None, "interval": None} | reason)
    view["series"][0]["highest"] = None
    view |= {"highest_tumor_probability": None, "decision": "refer"}

    page = study_page()
    page.locator(".pane-frame").first.press("Home")
    page.locator(".pane-frame").first.press("ArrowUp")

    result = page.locator(".card", has=page.get_by_role("heading", name="Result"))
    assert "Refer: no number shown" in result.inner_text()
    assert "both labels are possible" in result.inner_text()
    assert "shows almost nothing" not in result.inner_text()
    assert page.locator(".slice-words").inner_text() == "Slice 2 of 20"
    for part in (".strip", ".probability-bar", ".prevalence"):
        assert page.locator(part).count() == 0, part
    assert page.get_by_role("radio", name="Contour").count() == 0


def test_a_failed_study_says_why(study_page, make_page):
    """What could not be read is told; nothing is drawn."""
    page = make_page("#/studies/s-failed")

    page.get_by_text("None of 3 files could be read as an image.").first.wait_for()
    assert page.locator(".pane").count() == 0


def test_a_running_study_shows_its_progress_and_can_be_canceled(contract, make_page):
    """Steps are counted, and the page asks again by itself."""
    page = make_page("#/studies/s-running")
    page.get_by_text("scoring slices 7 / 20").wait_for()

    page.get_by_role("button", name="Cancel the screening").click()
    page.settle()
    assert ("cancel", "job-s-running") in contract.given
    contract.studies["s-running"].view["job"]["progress"]["done"] = 19
    page.get_by_text("scoring slices 19 / 20").wait_for()


def test_reading_first_shows_pictures_and_no_result(contract, study_page):
    """Before the reading there is no figure, no map, no report; the reading reveals."""
    contract.reader_first = True
    page = study_page()
    words = findings(page)
    assert not re.search(r"0\.89|Above threshold|PPV", words)
    assert page.get_by_role("link", name="Report").count() == 0
    assert page.get_by_role("radio", name="Contour").count() == 0
    record = page.get_by_role("button", name="Record and show")
    assert record.is_disabled()
    page.keyboard.press("o")

    page.get_by_label("None seen").check()
    page.wait_for_timeout(600)
    record.click()
    page.locator(".result-value").wait_for()

    kind, given = contract.given[0]
    assert (kind, given["opinion"]) == ("reading", "none_seen")
    assert 0.5 <= given["seconds_open"] < 60
    assert "None seen · differs from the model" in findings(page)
    assert page.get_by_role("radio", name="Off").get_attribute("aria-checked") == "true"
    assert not any("relevance" in path for _, path in contract.asked)


def test_the_reading_may_be_skipped_and_that_is_recorded(contract, study_page):
    """Showing without reading is allowed, and told to the server."""
    contract.reader_first = True
    page = study_page()

    page.get_by_role("button", name="Show without reading").click()
    page.locator(".result-value").wait_for()

    assert contract.given[0][1]["opinion"] == "skipped"
    assert "Shown without reading" in findings(page)


def test_feedback_carries_a_comment_and_marks_made_by_mouse_and_keys(  # noqa: PLR0915
    # - one way of a reader through all kinds of marks
    contract,
    study_page,
    pixels_of,
):
    """A box by two clicks, a box by drag, a point by keys: stored in picture pixels."""
    page = study_page()
    page.get_by_role("radio", name="One", exact=True).click()
    frame = page.locator(".pane-frame").first
    frame.wait_for()
    box = frame.bounding_box()
    middle = (box["width"] / 2, box["height"] / 2)
    send = page.get_by_role("button", name="Send", exact=True)
    assert send.is_disabled()

    page.get_by_role("button", name="Mark a box").click()
    frame.click(position={"x": middle[0] - 60, "y": middle[1] - 40})
    frame.click(position={"x": middle[0], "y": middle[1]})
    page.mouse.move(box["x"] + middle[0], box["y"] + middle[1])
    page.mouse.down()
    page.mouse.move(box["x"] + middle[0] + 50, box["y"] + middle[1] + 50, steps=3)
    page.mouse.up()
    page.get_by_role("button", name="Mark a point").click()
    frame.press("ArrowLeft")
    frame.press("Shift+ArrowUp")
    frame.press("Enter")
    page.settle()
    cyan = pixels_of(page)
    assert ((cyan[..., 2] > 200) & (cyan[..., 0] < 130)).sum() > 200
    page.get_by_role("button", name="Remove mark 2").click()
    page.get_by_label("Wrong", exact=True).check()
    page.get_by_label("Comment").fill("Artifact, no lesion.")
    send.click()
    page.get_by_text("Artifact, no lesion.").first.wait_for()

    kind, given = contract.given[0]
    assert (kind, given["kind"], given["comment"]) == (
        "feedback",
        "disagree",
        "Artifact, no lesion.",
    )
    first, second = given["marks"]
    assert (first["kind"], first["slice"]) == ("box", 10)
    assert first["x1"] == pytest.approx(48, abs=0.5)
    assert first["y1"] == pytest.approx(48, abs=0.5)
    assert first["x0"] < first["x1"]
    assert second == {
        "series": 0,
        "slice": 10,
        "kind": "point",
        "x0": 47,
        "y0": 38,
    }


def test_results_go_to_a_pacs_where_there_is_one(contract, study_page):
    """The button stands only where a PACS is configured, and says when it is done."""
    page = study_page()
    page.get_by_role("button", name="Send to PACS").click()
    page.get_by_role("button", name="Sent to PACS").wait_for()
    assert ("pacs", "s-usual") in contract.given

    contract.pacs = False
    page.reload()
    page.get_by_role("heading", name="Result").wait_for()
    assert page.get_by_role("button", name="Send to PACS").count() == 0


def test_deleting_asks_first(contract, study_page):
    """Escape and Cancel keep the study; only the second button erases it."""
    page = study_page()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0
    assert "s-usual" in contract.studies

    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.get_by_role("heading", name="Work list").wait_for()
    assert "s-usual" not in contract.studies


def test_an_unknown_study_is_told_politely(make_page):
    """A deleted study's address ends in a sentence."""
    page = make_page("#/studies/gone")

    page.get_by_text("There is no such study here, or it was deleted.").wait_for()


def test_several_series_are_for_the_reader_to_choose(study_page):
    """The panel speaks of the chosen series only."""
    page = study_page("s-two")
    assert page.get_by_role("group", name="Series").is_visible()

    page.get_by_role("radio", name="FLAIR axial").check()

    assert "of 10 scored slices are above" in findings(page)
    assert page.locator(".slice-words strong").inner_text() == "Slice 6 of 10"
