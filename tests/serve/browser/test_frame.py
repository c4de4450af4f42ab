"""Tests of what stands around every view: banner, sign-in, languages, keys, small windows."""

from __future__ import annotations

import re

import pytest

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.debian("chromium")]

NOTICE = (
    "Research use only. Not a medical device. Not for diagnosis, treatment or triage."
)
STUDIES = [
    "s-usual",
    "s-two",
    "s-refer",
    "s-refused",
    "s-picture",
    "s-failed",
    "s-running",
]


def test_the_banner_stands_on_every_view_and_cannot_be_closed(make_page):
    """It is visible at the top of the page and at its end, without a button."""
    page = make_page()
    for place in ("#/", "#/studies/s-usual", "#/studies/s-refer", "#/models"):
        page.goto(f"{page.url.split('#')[0]}{place}")
        page.locator("main .card, main table").first.wait_for()
        banner = page.locator(".banner")

        assert re.sub(r"\s+", " ", banner.inner_text()) == NOTICE
        assert banner.locator("button, a").count() == 0
        page.evaluate("() => scrollTo(0, document.body.scrollHeight)")
        assert banner.bounding_box()["y"] >= 0


def test_signing_in_takes_pasted_words_and_remembers_the_place(contract, make_page):
    """Fields carry the names that password managers look for; a wrong word is told."""
    contract.auth = "accounts"
    page = make_page("#/studies/s-usual")
    name, password = page.get_by_label("Account name"), page.get_by_label("Password")
    name.wait_for()
    assert name.get_attribute("autocomplete") == "username"
    assert password.get_attribute("autocomplete") == "current-password"

    name.fill("reader")
    for words in ("wrong", "correct horse battery"):
        password.focus()
        page.evaluate(
            """words => {
                const data = new DataTransfer();
                data.setData("text/plain", words);
                const paste = new ClipboardEvent("paste",
                    {clipboardData: data, bubbles: true, cancelable: true});
                if (document.activeElement.dispatchEvent(paste)) {
                    document.activeElement.select();
                    document.execCommand("insertText", false, words);
                }
            }""",
            words,
        )
        password.press("Enter")
        if words == "wrong":
            page.get_by_text("Name or password is wrong.").wait_for()

    page.get_by_role("heading", name="Result").wait_for()
    assert page.get_by_text("R. Eader").first.is_visible()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in").wait_for()
    assert not contract.signed_in


def test_an_organizations_own_sign_in_is_offered_where_there_is_one(
    contract, make_page
):
    """The link goes to this server, which knows where to send the browser."""
    contract.auth = "oidc"
    page = make_page()

    link = page.get_by_role("link", name="Sign in with your organization")
    link.wait_for()
    assert link.get_attribute("href").endswith("/api/v1/sign-in/oidc")


def test_a_sign_in_that_failed_elsewhere_is_told(contract, make_page):
    """Who comes back from the organization's page with nothing reads what to do."""
    contract.auth = "oidc"
    page = make_page("?sign_in=failed")

    note = page.get_by_role("alert")
    note.wait_for()
    assert "ask the administrator" in note.inner_text()


def test_german_has_every_word_and_german_numbers(contract, study_page):
    """A German browser sees German; the server's own words are marked as English."""
    page = study_page(locale="de-DE")
    assert page.evaluate("() => document.documentElement.lang") == "de"
    words = re.sub(r"\s+", " ", page.locator("body").inner_text())
    for part in (
        "Nur für die Forschung. Kein Medizinprodukt.",
        "Tumorwahrscheinlichkeit der höchsten Schicht 0,89 Über der Schwelle",
        "Von 100 Schichten mit Werten von 0,80 bis 0,95 zeigten 86 einen Tumor",
        "Prüfung der Eingabe",
        "Sprache",
    ):
        assert part in words, part
    for english in ("Threshold", "Slice", "Feedback", "Result", "Above"):
        own = page.locator("body").evaluate(
            """body => {
                const copy = body.cloneNode(true);
                for (const other of copy.querySelectorAll("[lang=en]")) other.remove();
                return copy.textContent;
            }"""
        )
        assert english not in own

    page.get_by_label("Sprache").select_option("English")
    assert page.get_by_role("heading", name="Result").is_visible()
    page.reload()
    page.get_by_role("heading", name="Result").wait_for()


def test_light_and_dark_are_kept(study_page):
    """Dark at first; the choice survives a reload, and pictures stay on black."""
    page = study_page()
    ground = "() => getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(11, 15, 19)"

    page.get_by_role("button", name="Light").click()
    page.reload()
    page.locator(".pane").first.wait_for()

    assert page.evaluate(ground) == "rgb(238, 241, 244)"
    pane = "() => getComputedStyle(document.querySelector('.pane')).backgroundColor"
    assert page.evaluate(pane) == "rgb(0, 0, 0)"


def test_everything_is_reached_and_worked_without_a_mouse(study_page):
    """Tab reaches each control in the order of the page, and the focus is always seen."""
    page = study_page()
    seen = []
    for _ in range(80):
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => {
                const at = document.activeElement;
                if (at === document.body) return null;
                const box = at.getBoundingClientRect();
                const style = getComputedStyle(at.closest(".file-button") ?? at);
                const head = document.querySelector(".page-head").getBoundingClientRect();
                return [at.getAttribute("aria-label") ?? at.textContent.trim().slice(0, 40),
                    style.outlineStyle !== "none" && box.width > 0,
                    at.closest(".page-head") !== null || box.bottom > head.bottom];
            }"""
        )
        if found is None:
            break
        seen.append(found)

    names = [name for name, _, _ in seen]
    assert names[0] == "Skip to the content"
    for name in ("series 1 · T1", "Tumor probability along the slices", "Mark a box"):
        assert name in names
    assert all(visible for _, visible, _ in seen), seen
    assert all(uncovered for _, _, uncovered in seen), seen
    page.keyboard.press("Home")
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "main"


def test_changes_are_announced_politely(contract, study_page):
    """A live region says what a reader who does not see would miss."""
    page = study_page()
    status = page.locator("#page > [role=status]")
    assert status.inner_text() == "Phantom 1: Done"
    assert status.get_attribute("aria-live") == "polite"

    page.get_by_role("button", name="Send to PACS").click()
    page.get_by_role("button", name="Sent to PACS").wait_for()

    assert status.inner_text() == "Sent to PACS"


def test_nothing_is_cut_off_at_400_pixels(make_page):
    """No view scrolls sideways on a small window, which is also 200 % zoom of 800."""
    page = make_page(viewport={"width": 400, "height": 800})
    wide = {}
    for place in ("#/", "#/models/default", *[f"#/studies/{one}" for one in STUDIES]):
        page.goto(f"{page.url.split('#')[0]}{place}")
        page.locator("main .card, main table").first.wait_for()
        for name in ("Fill", "Mark a box"):
            control = page.get_by_role("radio", name=name).or_(
                page.get_by_role("button", name=name)
            )
            if control.count():
                control.first.click()
        page.settle()
        wide[place] = page.evaluate("() => document.documentElement.scrollWidth")

    assert len(wide) == 2 + len(STUDIES)
    assert {place: width for place, width in wide.items() if width > 400} == {}


def test_targets_are_large_enough(study_page):
    """Each button, link outside text and field is 24 pixels or more in both directions."""
    page = study_page()
    page.get_by_role("radio", name="Fill").click()

    small = page.evaluate(
        """() => [...document.querySelectorAll(
            "button, select, input, textarea, summary, .button, nav a, .crumb a, [role=slider]"
        )].filter(one => one.checkVisibility())
          .map(one => [one, (one.closest("label") ?? one).getBoundingClientRect()])
          .filter(([, box]) => box.height < 24 || box.width < 24)
          .map(([one]) => one.outerHTML.slice(0, 90))"""
    )
    assert small == []


def test_all_keys_are_told(make_page):
    """The list of keys opens by a button and closes by Escape."""
    page = make_page()
    page.get_by_role("button", name="Keys").click()
    page.get_by_role("dialog", name="Keys, mouse and touch").wait_for()

    page.keyboard.press("Escape")

    assert page.get_by_role("dialog").count() == 0


def test_a_models_card_is_shown_as_it_is_stored(make_page):
    """Every field of the card is on the page; long lists are counted."""
    page = make_page("#/models/default")
    page.get_by_role("heading", name="Model card").wait_for()

    words = re.sub(r"\s+", " ", page.locator("main").inner_text())
    assert "threshold probability 0.42 tune slices 310" in words
    assert "40 values" in words
    assert "measured not stated" in words


def test_a_server_that_does_not_answer_is_told(
    contract, make_page, page_without_server
):
    """A sentence instead of an empty page."""
    page_without_server.get_by_text("The server cannot be reached.").wait_for()


@pytest.fixture
def page_without_server(make_page):
    """Return a page whose requests to the API all fail."""
    page = make_page("assets/tumorscope.svg")
    page.route("**/api/**", lambda route: route.abort())
    page.goto(page.url.removesuffix("assets/tumorscope.svg"))
    return page
