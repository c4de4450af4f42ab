"""The report as a browser prints it: one sheet, all that must stand on it, sides kept."""

from __future__ import annotations

import re
import subprocess

import numpy as np
import pytest

pytestmark = [
    pytest.mark.xdist_group("browser"),
    pytest.mark.debian("chromium"),
    pytest.mark.debian("poppler-utils"),
]
DPI = 80


def run(*command):
    """Run a program of poppler; return what it wrote."""
    return subprocess.run(  # noqa: S603 - commands of this file
        command, capture_output=True, check=True
    ).stdout


@pytest.fixture
def printed(tmp_path):
    """Return a printer: the words of the sheet, its pages, and its file."""

    def make(page, paper="A4"):
        page.wait_for_function(
            "() => [...document.querySelectorAll('.report-frame canvas')]"
            ".every((one, at) => at === 0 ? one.dataset.drawn === 'off'"
            " : ['contour', 'fill'].includes(one.dataset.drawn))"
        )
        page.settle()
        file = tmp_path / f"{paper}.pdf"
        file.write_bytes(page.pdf(format=paper))
        words = run("pdftotext", "-layout", str(file), "-").decode()
        pages = re.search(r"Pages:\s+(\d+)", run("pdfinfo", str(file)).decode())
        return re.sub(r"\s+", " ", words), int(pages[1]), file

    return make


def rendered(file):
    """Return a page of a PDF as gray and color, shape (rows, columns, 3)."""
    content = run("pdftoppm", "-r", str(DPI), str(file))
    header = re.match(rb"P6\s(\d+) (\d+)\s255\s", content)
    columns, rows = int(header[1]), int(header[2])
    values = np.frombuffer(content[header.end() :], np.uint8)
    return values.reshape(rows, columns, 3).astype(int)


def places_of(file, word):
    """Return the x of each place of a word, in points."""
    text = run("pdftotext", "-bbox", str(file), "-").decode()
    found = re.findall(rf'xMin="([\d.]+)" yMin="([\d.]+)"[^>]*>{word}</word>', text)
    return [(float(x), float(y)) for x, y in found]


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_the_report_is_one_sheet_with_all_that_belongs_on_it(
    study_page, printed, paper
):
    """Banner, slice, sides, map, legend, reading, result, checks, model, who and when."""
    page = study_page()
    page.get_by_role("button", name="Highest slice").click()
    page.get_by_role("radio", name="Contour").click()
    page.locator(".pane-frame").first.focus()
    page.settle()

    words, pages, _ = printed(page, paper)

    assert pages == 1
    for part in (
        "Research use only. Not a medical device. Not for diagnosis, treatment or triage.",
        "Slice 12 of 20 (15.0 mm)",
        "Contour",
        "50 % of the series' highest value",
        "class activation map",
        "It is not an outline of a tumor",
        "0.89 Above threshold",
        "In testing, 0.84 to 0.93",
        "None recorded.",
        "Caution:",
        "Sensitivity 0.87 [0.79, 0.93]",
        "phantom-resnet50, version 0.1.0",
        "4f1c" * 16,
        "R. Eader",
    ):
        assert part in words, part
    # Controls are for the screen.
    for part in ("Record and show", "Work list", "Send to PACS", "English", "Off"):
        assert part not in words, part


def test_on_paper_the_lesion_lies_at_the_label_it_lies_at_on_screen(
    study_page, printed
):
    """The contour of a right-sided lesion is nearer to R than to L on the sheet."""
    page = study_page()
    page.get_by_role("button", name="Highest slice").click()
    page.get_by_role("radio", name="Fill").click()
    page.settle()

    _, _, file = printed(page)

    picture = rendered(file)
    colored = np.abs(picture[..., 0] - picture[..., 2]) > 60
    at = np.nonzero(colored[: picture.shape[0] // 2])[1].mean() * 72 / DPI
    right = [x for x, _ in places_of(file, "R") if x < at]
    left = [x for x, _ in places_of(file, "L") if x > at]
    assert len(places_of(file, "R")) == len(places_of(file, "L")) == 2
    assert colored.sum() > 100
    assert at - max(right) < min(left) - at


def test_the_sheet_has_no_focus_ring_and_states_an_overlay_that_is_off(
    study_page, printed
):
    """A focused picture prints as any other, and "off" is a sentence."""
    page = study_page()
    words, _, file = printed(page)
    page.locator(".pane-frame").first.focus()
    page.keyboard.press("Tab")

    _, _, focused = printed(page, "A4")

    assert "Map: switched off." in words
    assert (rendered(file) == rendered(focused)).all()


@pytest.mark.parametrize(
    ("study", "word"),
    [("s-refer", "Refer: no number shown"), ("s-refused", "Not assessed")],
)
def test_the_sheet_of_an_abstention_holds_no_number(study_page, printed, study, word):
    """State and reason are printed; neither score nor frequency nor map."""
    page = study_page(study)

    words, pages, file = printed(page)

    result = words.split("Result")[1].split("Input checks")[0]
    assert pages == 1
    assert word in words
    assert not re.search(r"0\.\d\d", result.replace("0.1.0", ""))
    picture = rendered(file)
    assert (np.abs(picture[..., 0] - picture[..., 2]) < 30).all()


def test_a_reading_is_printed_as_words(contract, study_page, printed):
    """What was recorded stands on the sheet, not the buttons to record it."""
    contract.reader_first = True
    page = study_page()
    page.get_by_label("Suspected").check()
    page.get_by_role("button", name="Record and show").click()
    page.locator(".result-value").wait_for()

    words, pages, _ = printed(page)

    assert "Your reading" in words
    assert re.search(r"Suspected \(\d+ s\)", words)
    assert "None seen" not in words
    assert pages == 1


def test_without_known_sides_the_sheet_says_so(study_page, printed):
    """A picture without a header has no letters at its edges."""
    words, _, file = printed(study_page("s-picture"))

    assert "Orientation and scale unknown" in words
    assert places_of(file, "R") == places_of(file, "L") == []


def test_the_report_can_be_read_before_it_is_printed(study_page):
    """The button shows the sheet with the slice and the map as they were chosen."""
    page = study_page()
    page.get_by_role("button", name="Highest slice").click()
    page.get_by_role("radio", name="Contour").click()

    page.get_by_role("link", name="Report", exact=True).click()
    page.get_by_role("heading", name="Report: Phantom 1").wait_for()

    assert "Slice 12 of 20" in page.locator(".report").inner_text()
    assert page.get_by_role("button", name="Print").is_visible()
    page.get_by_role("link", name="Back to the study").click()
    assert page.locator(".slice-words strong").inner_text() == "Slice 12 of 20"


def test_a_pdf_is_offered_in_both_sizes(contract, study_page):
    """The server's own PDF is one click away."""
    page = study_page()

    for paper in ("A4", "Letter"):
        with page.expect_download():
            page.get_by_role("link", name=f"PDF {paper}").click()

    assert [paper for kind, paper in contract.given if kind == "pdf"] == [
        "a4",
        "letter",
    ]
