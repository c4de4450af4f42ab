"""Tests of the work list and of uploads, in a real browser."""

from __future__ import annotations

import collections
import json
import re
import sys

import pytest

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.debian("chromium")]

TITLE = "Study one"
FILES = [
    {"name": f"slice_{n:02}.dcm", "mimeType": "", "buffer": bytes([n]) * (2000 + n)}
    for n in range(9)
]


def choose(page, files=FILES):
    """Choose files by the button."""
    page.locator("input[type=file]").first.set_input_files(files)


def send(page, title=TITLE):
    """Fill the form, and send."""
    page.get_by_label("Title").fill(title)
    page.get_by_role("button", name="Upload and screen").click()


def wait_until_sent(page):
    """Wait until all files are there and the screening is asked for."""
    page.locator(".upload-progress strong", has_text="Uploaded.").wait_for()


def test_the_list_shows_every_state_in_words(make_page):
    """State, figure and decision of each study; no number where the model abstains."""
    page = make_page()
    page.locator(".work-list").wait_for()

    rows = {
        row.locator("th").inner_text(): re.sub(r"\s+", " ", row.inner_text())
        for row in page.locator(".work-list tbody tr").all()
    }

    assert "Done 0.89 Above threshold" in rows["Phantom 1"]
    assert "Done \u2013 none Refer: no number shown" in rows["Phantom 3: referred"]
    assert "Not assessed \u2013 none Not assessed" in rows["Phantom 4: no head"]
    assert "Failed" in rows["Phantom 6: unreadable"]
    assert "Being screened" in rows["Phantom 7: under way"]
    for title in ("Phantom 3: referred", "Phantom 4: no head"):
        assert not re.search(r"\d\.\d", rows[title])


def test_search_and_filter_ask_the_server(contract, make_page):
    """What is typed or chosen reaches the server; nothing found is said in words."""
    page = make_page()
    titles = page.locator(".work-list tbody th")
    titles.first.wait_for()

    page.get_by_label("State").select_option("Not assessed")
    page.wait_for_function("() => document.querySelectorAll('tbody th').length === 1")
    assert titles.all_inner_texts() == ["Phantom 4: no head"]
    page.get_by_label("State").select_option("")
    page.get_by_label("Search").fill("two series")
    page.wait_for_function("() => document.querySelectorAll('tbody th').length === 1")
    assert titles.all_inner_texts() == ["Phantom 2: two series"]
    page.get_by_label("Search").fill("nobody")
    page.get_by_text("No study fits the search.").wait_for()
    assert any("q=nobody" in path for _, path in contract.asked)


def test_files_are_sent_one_by_one_and_the_study_appears_by_itself(contract, make_page):
    """Choose, send, watch: the study is uploaded, screened and opened without a reload."""
    page = make_page()
    choose(page)
    page.get_by_text("9 files").wait_for()
    assert re.match(r"Study of \w", page.get_by_label("Title").input_value())
    send(page)
    wait_until_sent(page)

    upload = next(iter(contract.uploads.values()))
    stored = [upload["files"][n] for n in range(9)]
    assert stored == [(one["name"], len(one["buffer"])) for one in FILES]
    assert contract.given[0] == ("complete", {"model_id": "default"})
    row = page.locator(".work-list tr", has_text=TITLE)
    row.get_by_text("Done").wait_for()
    page.get_by_role("link", name="Open the study").click()
    page.get_by_role("heading", name="Result").wait_for()
    assert page.locator(".result-value output").inner_text() == "0.89"


def test_a_dropped_folder_keeps_its_name_to_itself(contract, make_page, tmp_path):
    """Names below the folder are sent, the folder's own often names a patient."""
    folder = tmp_path / "Doe^John 1970"
    (folder / "T1").mkdir(parents=True)
    for name in ("T1/a.dcm", "T1/b.dcm", ".DS_Store", "empty.dcm"):
        (folder / name).write_bytes(b"" if "empty" in name else b"x" * 10)
    page = make_page()

    page.locator("input[type=file]").nth(1).set_input_files(folder)
    page.get_by_text("2 files").wait_for()
    send(page)
    wait_until_sent(page)

    files = next(iter(contract.uploads.values()))["files"]
    assert sorted(name for name, _ in files.values()) == ["T1/a.dcm", "T1/b.dcm"]
    told = json.dumps(contract.asked) + json.dumps(contract.given)
    assert "Doe" not in told


def test_a_drop_anywhere_on_the_page_is_taken(contract, make_page):
    """Files that miss the marked area do not make the browser leave the page."""
    page = make_page()
    page.locator(".work-list").wait_for()

    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["abc"], "flair.nii.gz"));
            for (const type of ["dragover", "drop"])
                document.body.dispatchEvent(
                    new DragEvent(type, {dataTransfer: data, bubbles: true, cancelable: true})
                );
        }"""
    )

    page.get_by_text("1 files").wait_for()


def test_short_failures_are_tried_again_and_a_full_queue_is_waited_for(
    contract, make_page
):
    """A server that is busy twice, and a full queue, cost time and nothing else."""
    contract.failing_puts = collections.Counter({"slice_03.dcm": 1})
    contract.full_queue = 1
    page = make_page()
    choose(page)

    send(page)

    wait_until_sent(page)
    assert len(contract.uploads) == 1
    puts = [path for verb, path in contract.asked if verb == "PUT"]
    assert len(puts) == len(FILES) + 1


def test_a_broken_upload_goes_on_after_a_reload_with_what_is_missing(
    contract, make_page
):
    """After a reload only missing files are sent, and only to the same upload."""
    contract.failing_puts = collections.Counter({"slice_04.dcm": 9})
    page = make_page()
    page.clock.install()
    choose(page)
    send(page)
    for _ in range(8):
        page.clock.run_for(5_000)
        page.wait_for_timeout(40)
        if page.get_by_role("button", name="Go on").is_visible():
            break
    page.get_by_role("button", name="Go on").wait_for()
    contract.failing_puts.clear()
    contract.asked.clear()

    page.reload()
    page.get_by_text("was interrupted").wait_for()
    choose(page, FILES[:3])
    page.get_by_text("These are not the files of the interrupted upload.").wait_for()
    choose(page)
    wait_until_sent(page)

    sent = [path for verb, path in contract.asked if verb == "PUT"]
    assert 1 <= len(sent) < len(FILES)
    assert any("slice_04" in path for path in sent)
    assert len(contract.uploads) == 1
    assert len(next(iter(contract.uploads.values()))["files"]) == len(FILES)


def test_a_refused_upload_says_why(contract, make_page):
    """The code is put in our words, and what the server adds stands below."""
    contract.uploads = Refusing()
    page = make_page()
    choose(page)

    send(page)

    page.get_by_text("The server has no space left.").wait_for()
    assert page.get_by_text("0 bytes are free").is_visible()


class Refusing(dict):
    """A store of uploads on a full disk."""

    def setdefault(self, *_):
        """Refuse, as the real server does."""
        refusal = sys.modules["contract_server"].RefusalError
        raise refusal(507, "storage_full", "0 bytes are free.")


@pytest.mark.parametrize("scopes", [("read",), ("read", "submit", "review")])
def test_only_what_an_account_may_do_is_offered(contract, make_page, scopes):
    """Upload, tables and deleting follow the scopes of the session."""
    contract.scopes = scopes
    page = make_page()
    page.locator(".work-list").wait_for()

    assert page.get_by_text("New study").count() == int("submit" in scopes)
    assert page.get_by_text("reader study (CSV)").count() == int("review" in scopes)
    page.goto(page.url + "#/studies/s-usual")
    page.get_by_role("heading", name="Result").wait_for()
    assert page.get_by_role("button", name="Delete").count() == 0
    assert page.get_by_role("heading", name="Feedback").count() == int(
        "review" in scopes
    )


def test_a_foreign_drop_of_script_in_names_is_only_text(contract, make_page):
    """Titles and labels of a server that was fooled are text, never markup."""
    bad = "<img src=x onerror=alert(1)>"
    contract.studies["s-two"].view["title"] = bad
    contract.studies["s-two"].view["series"][0]["label"] = bad
    page = make_page()

    page.get_by_role("link", name=bad).click()
    page.get_by_role("heading", name=bad).wait_for()

    assert page.locator("main img").count() == 0
