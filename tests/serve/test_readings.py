"""Tests of reading first, feedback, and the tables made of them."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from tumorscope.serve.api.reading import compare
from tumorscope.serve.reader_tables import as_csv


@pytest.fixture
def withholding(start):
    """Return a service that withholds results."""
    return start(reader_first=True)


def test_a_result_is_withheld_until_the_readers_own_opinion(withholding, pictures):
    """Pictures and input checks are there at once; figures, maps and reports are not."""
    study_id = withholding.upload(pictures)
    place = f"/api/v1/studies/{study_id}"

    study = withholding.study(study_id)

    assert study["withheld"]
    assert study["decision"] is study["highest_tumor_probability"] is None
    series = study["series"][0]
    assert series["highest"] is series["overlay"] is None
    assert {one["decision"] for one in series["slice_results"]} == {None}
    assert study["input_checks"]
    client = withholding.client
    assert client.get(f"{place}/series/0/pixels").status_code == 200
    assert client.get(f"{place}/series/0/relevance").status_code == 404
    assert client.get(f"{place}/report.pdf").json()["code"] == "withheld"
    listed = client.get("/api/v1/studies").json()["items"][0]
    assert listed["highest_tumor_probability"] is listed["decision"] is None


def test_an_opinion_reveals_the_result_and_stays(withholding, pictures):
    """It is recorded once with its agreement, and stands in the reader-study table."""
    study_id = withholding.upload(pictures)
    place = f"/api/v1/studies/{study_id}/reading"
    given = {"opinion": "suspected", "seconds_open": 12.5}

    shown = withholding.client.post(place, json=given).json()
    again = withholding.client.post(place, json=given)

    assert not shown["withheld"]
    assert shown["reading"]["agreement"] in {"agree", "disagree"}
    assert again.status_code == 409
    table = withholding.client.get("/api/v1/reader-study.csv").text
    row = next(csv.DictReader(StringIO(table)))
    assert (row["study_id"], row["opinion"]) == (study_id, "suspected")
    assert (row["seconds_open"], row["reader_first"]) == ("12.5", "True")


def test_a_state_filter_does_not_tell_what_is_withheld(withholding, pictures):
    """Done and not assessed are listed together while neither may be known."""
    withholding.upload(pictures)

    listed = withholding.client.get("/api/v1/studies?state=not_assessed").json()

    assert [one["state"] for one in listed["items"]] == ["done"]


@pytest.mark.parametrize(
    ("opinion", "decision", "agreement"),
    [
        ("suspected", "above threshold", "agree"),
        ("none_seen", "above threshold", "disagree"),
        ("none_seen", "not above", "agree"),
        ("suspected", "refer", "not comparable"),
        ("skipped", "not above", "not comparable"),
        ("cannot_judge", "above threshold", "not comparable"),
    ],
)
def test_agreement_is_of_clear_words_only(opinion, decision, agreement):
    """An abstention on either side agrees and disagrees with nothing."""
    assert compare(opinion, decision) == agreement


def test_marks_become_labels_for_the_next_training(service, pictures):
    """Each mark is a slice with a tumor; a box without a corner is refused."""
    study_id = service.upload(pictures)
    place = f"/api/v1/studies/{study_id}/feedback"
    box = {"series": 0, "slice": 1, "kind": "box", "x0": 1, "y0": 2}
    whole = box | {"x1": 5, "y1": 6}

    refused = service.client.post(place, json={"kind": "disagree", "marks": [box]})
    given = service.client.post(
        place, json={"kind": "disagree", "comment": "=1+1", "marks": [whole]}
    )

    assert (refused.status_code, given.status_code) == (422, 201)
    row = next(
        csv.DictReader(StringIO(service.client.get("/api/v1/corrections.csv").text))
    )
    assert (row["slice"], row["label"], row["mark"]) == ("1", "1", "box")
    assert row["comment"] == "'=1+1"
    assert service.study(study_id)["feedback"][0]["marks"][0]["x1"] == 5


def test_no_cell_of_a_table_is_a_formula():
    """A spreadsheet that opens the table computes nothing that a sender wrote."""
    text = as_csv(("a",), [{"a": "@SUM(1)"}, {"a": -1}, {"a": "plain"}])

    assert text.splitlines() == ["a", "'@SUM(1)", "-1", "plain"]
