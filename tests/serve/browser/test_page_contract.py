"""What holds page, contract server and real service together, without a browser."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from tumorscope.serve.wire.models import ModelSummary
from tumorscope.serve.wire.people import SessionView, SignInWays
from tumorscope.serve.wire.studies import StudySummary, StudyView

UI = Path(__file__).parents[3] / "src" / "tumorscope" / "serve" / "ui"
SOURCES = sorted((UI / "src").rglob("*.ts*"))
KEY = re.compile(r"^  (\w+):", re.MULTILINE)


def words_of(code):
    """Return the keys of a language file."""
    return KEY.findall((UI / "src" / "language" / f"{code}.ts").read_text("utf-8"))


def test_the_contract_server_sends_what_the_real_one_does():
    """Every study, its row, the model and the session pass the real wire models."""
    phantoms = sys.modules["phantom_studies"]
    server = sys.modules["contract_server"]
    for study in phantoms.all_studies().values():
        StudyView.model_validate(study.view)
        StudySummary.model_validate({key: study.view[key] for key in server.SUMMARY})
        hidden = server.Contract(static=Path(), reader_first=True).view(study)
        StudyView.model_validate(hidden)
    ModelSummary.model_validate(phantoms.MODEL)
    SessionView.model_validate(server.Contract(static=Path()).session())
    SignInWays.model_validate({"auth": "none", "redirect": None, "notice": "-"})


def test_the_page_knows_every_field_it_is_typed_for():
    """The page's types name only fields that the wire has."""
    text = (UI / "src" / "api" / "types.ts").read_text("utf-8")
    for name, model in (
        ("StudySummary", StudySummary),
        ("ModelSummary", ModelSummary),
        ("Session", SessionView),
        ("Study", StudyView),
    ):
        body = re.search(rf"interface {name}\b[^{{]*\{{(.*?)\n\}}", text, re.DOTALL)[1]
        fields = re.findall(r"^  (\w+)\??:", body, re.MULTILINE)
        assert fields
        assert set(fields) <= set(model.model_fields), name


def test_every_language_has_every_word_and_no_word_is_left_over():
    """German has English's keys in English's order, and each is used somewhere."""
    english = words_of("en")
    code = "\n".join(
        path.read_text("utf-8") for path in SOURCES if path.parent.name != "language"
    )
    composed = {f"check_{one}" for one in ("accept", "flag", "refuse")}

    assert words_of("de") == english
    assert len(set(english)) == len(english) > 150
    unused = [key for key in english if f'"{key}"' not in code]
    assert set(unused) <= composed


def test_placeholders_are_the_same_in_every_language():
    """A number that English shows is shown in German as well."""
    texts = {}
    for code in ("en", "de"):
        text = (UI / "src" / "language" / f"{code}.ts").read_text("utf-8")
        entries = re.split(r"^  (?=\w+:)", text, flags=re.MULTILINE)[1:]
        texts[code] = {
            entry.split(":")[0]: sorted(re.findall(r"\{(\w+)\}", entry))
            for entry in entries
        }

    assert texts["de"] == texts["en"]


def test_source_files_stay_small():
    """A file of the page is read in one sitting; only lists of words are longer."""
    lengths = {
        path.name: path.read_text("utf-8").count("\n")
        for path in SOURCES
        if path.parent.name != "language"
    }

    assert {name: lines for name, lines in lengths.items() if lines > 300} == {}


def test_the_page_asks_no_other_host_and_needs_one_package():
    """No address of another host stands in the sources; Preact is the only dependency."""
    text = "\n".join(path.read_text("utf-8") for path in SOURCES)
    package = json.loads((UI / "package.json").read_text())

    assert "http:" not in text
    assert "https:" not in text
    assert list(package["dependencies"]) == ["preact"]


def test_the_lock_file_names_no_registry():
    """Packages are checked by digest and come from wherever the builder's npm looks."""
    lock = json.loads((UI / "package-lock.json").read_text())

    packages = {name: one for name, one in lock["packages"].items() if name}
    assert len(packages) > 10
    assert all("resolved" not in one for one in packages.values())
    assert all("integrity" in one for one in packages.values())
