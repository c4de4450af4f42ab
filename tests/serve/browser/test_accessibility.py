"""WCAG 2.2 AA by axe-core, in every state of the page, in both themes."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.debian("chromium")]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="session")
def axe(request, built_page):
    """Return the source of axe-core, which the page's development packages bring."""
    source = built_page.parent / "ui" / "node_modules" / "axe-core" / "axe.min.js"
    if not source.is_file():
        pytest.skip("needs the page's development packages: npm ci in serve/ui")
    return source.read_text(encoding="utf-8")


def violations(page, axe, *, only=None):
    """Return what axe finds, as rule and first place."""
    # The page's own policy allows no inline script, so that axe is brought by the debugger.
    page.context.new_cdp_session(page).send("Runtime.evaluate", {"expression": axe})
    wanted = {"type": "rule" if only else "tag", "values": only or TAGS}
    found = page.evaluate("wanted => axe.run(document, {runOnly: wanted})", wanted)
    least = 1 if only else 16
    assert len(found["passes"]) >= least, "axe looked at nothing"
    return [
        (one["id"], [node["html"][:120] for node in one["nodes"]][:3])
        for one in found["violations"]
    ]


def press(kind, name):
    """Return a step that works one control."""
    return lambda page: page.get_by_role(kind, name=name, exact=True).click()


def choose_file(page):
    """Choose one file to upload."""
    file = {"name": "a.dcm", "mimeType": "", "buffer": b"abc"}
    page.locator("input[type=file]").first.set_input_files([file])


def wait(selector):
    """Return a step that waits for something."""
    return lambda page: page.locator(selector).first.wait_for()


STUDY = wait(".findings .card")
STATES = {
    "list": ("", {}, [wait(".work-list")]),
    "empty list": ("", {"studies": {}}, [wait(".empty")]),
    "upload form": ("", {}, [choose_file, wait(".upload-form")]),
    "uploaded": (
        "",
        {},
        [choose_file, press("button", "Upload and screen"), wait(".upload-progress a")],
    ),
    "sign-in": ("", {"auth": "accounts"}, [wait(".login form")]),
    "result": ("#/studies/s-usual", {}, [STUDY]),
    "contour": ("#/studies/s-usual", {}, [STUDY, press("radio", "Contour")]),
    "fill": (
        "#/studies/s-usual",
        {},
        [STUDY, press("radio", "Image and map"), press("radio", "Fill")],
    ),
    "marking": ("#/studies/s-usual", {}, [STUDY, press("button", "Mark a box")]),
    "two series": ("#/studies/s-two", {}, [STUDY]),
    "reading first": (
        "#/studies/s-usual",
        {"reader_first": True},
        [wait(".card-first")],
    ),
    "referred": ("#/studies/s-refer", {}, [STUDY]),
    "not assessed": ("#/studies/s-refused", {}, [STUDY]),
    "orientation unknown": ("#/studies/s-picture", {}, [STUDY]),
    "failed": ("#/studies/s-failed", {}, [STUDY]),
    "running": ("#/studies/s-running", {}, [wait("main progress")]),
    "missing": ("#/studies/gone", {}, [wait(".note")]),
    "report": ("#/studies/s-usual/report", {}, [wait(".report-head")]),
    "delete": ("#/studies/s-usual", {}, [STUDY, press("button", "Delete")]),
    "keys": ("", {}, [press("button", "Keys")]),
    "models": ("#/models", {}, [wait("main .card")]),
    "card": ("#/models/default", {}, [wait(".card-facts")]),
}


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing_in_any_state_dark_or_light(contract, make_page, axe, state):
    """0 violations of WCAG 2.2 AA and of good practice, in both themes."""
    place, wishes, steps = STATES[state]
    for name, value in wishes.items():
        setattr(contract, name, value)
    page = make_page(place)

    for step in steps:
        step(page)
    dark = violations(page, axe)
    page.evaluate("() => { document.documentElement.dataset.theme = 'light'; }")
    # The theme changes colors and nothing else.
    light = violations(page, axe, only=["color-contrast"])

    assert dark == []
    assert light == []


def test_axe_finds_nothing_on_a_small_window(make_page, axe):
    """The stacked layout of a small window holds as well."""
    for place in ("", "#/studies/s-usual"):
        page = make_page(place, viewport={"width": 400, "height": 800})
        page.locator("main .card, main table").first.wait_for()

        assert violations(page, axe) == []


def test_axe_would_find_a_fault(make_page, axe):
    """A control without a name is reported: the tests above can fail."""
    page = make_page()
    page.locator(".work-list").wait_for()

    page.evaluate(
        "() => document.querySelector('main').append(document.createElement('button'))"
    )

    assert [rule for rule, _ in violations(page, axe)] == ["button-name"]
