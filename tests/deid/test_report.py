"""Tests of the report: names of tags, reasons in words, and no promise that is not kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tumorscope
from tumorscope.deid.anonymity import measure_anonymity
from tumorscope.deid.claims import CLAIMS
from tumorscope.deid.plan import Action
from tumorscope.deid.reasons import REASONS
from tumorscope.deid.report import (
    ACTION_WORDS,
    ActionCount,
    DeidReport,
    Quarantined,
    SelfCheck,
    count_actions,
)
from tumorscope.deid.report_sections import deid_limits, deid_sections
from tumorscope.domain.deid_spec import DeidMode, DeidSpec
from tumorscope.pages.page import PageHead, render_page


def report(mode=DeidMode.research, **changes):
    known = {
        "spec": DeidSpec(mode=mode),
        "n_files": 3,
        "n_written": 1,
        "n_patients": 1,
        "n_same": 0,
        "actions": (
            ActionCount(field="(0010,0010) PatientName", action="X", elements=2),
        ),
        "quarantine": (Quarantined(number=2, sha256="ab" * 32, code="sop-class"),),
        "check": SelfCheck(n_read=1, n_witnessed=1, n_withdrawn=0),
        "faces": (),
        "anonymity": measure_anonymity({"P1": ("061Y", "F")}, limit=5),
    }
    return DeidReport(**(known | changes))


@pytest.mark.parametrize("mode", DeidMode)
def test_every_mode_says_what_it_does_not_promise(mode):
    """The limits come first on the page, "anonymous" only in a denial."""
    written = report(mode)

    page = render_page(
        PageHead(
            title="t",
            lede="l",
            created="2026-01-01T00:00:00+00:00",
            version="v",
            limits=deid_limits(written),
        ),
        deid_sections(written),
    )

    assert len(CLAIMS[mode].promises_not) == 4
    assert "Not anonymous" in page
    promises = " ".join(CLAIMS[mode].promises).lower()
    assert "anonymous" not in promises
    assert "compliant" not in promises


def test_counts_are_added_by_tag_and_action():
    """Private tags are told together: their numbers are nobody's business."""
    counts = (
        (str(0x00100010), "pseudonym", 1),
        (str(0x00100010), "pseudonym", 2),
        (str(0x00291010), "X", 4),
        (str(0x60003000), "X", 1),
        ("descrip", "Z", 1),
    )

    assert count_actions(counts) == (
        ActionCount(field="private elements", action="X", elements=4),
        ActionCount(field="(0010,0010) PatientName", action="pseudonym", elements=3),
        ActionCount(field="curves and overlays", action="X", elements=1),
        ActionCount(field="descrip", action="Z", elements=1),
    )


def test_every_code_in_the_source_has_words():
    """A refusal never ends in a code that nobody explains."""
    folder = Path(tumorscope.__file__).parent
    files = [*(folder / "deid").rglob("*.py"), folder / "workflows" / "deid.py"]
    text = "".join(path.read_text(encoding="utf-8") for path in files)

    raised = set(re.findall(r'MalformedFileError\(\s*"([a-z-]+)"', text))
    raised |= set(re.findall(r'refused\("([a-z-]+)"', text))
    assert len(raised) > 15
    assert raised <= set(REASONS)


def test_every_action_that_is_counted_has_words():
    """The table on the page has no bare code."""
    silent = {Action.KEEP, Action.WALK, Action.REFUSE}
    silent |= {action for action in Action if "/" in action.value}

    counted = {action.value for action in set(Action) - silent}
    assert counted <= set(ACTION_WORDS)


def test_statements_of_the_user_stand_as_such():
    """What was stated and not checked is called so."""
    spec = DeidSpec(pixels_reviewed="looked at by the study nurse")

    promise = deid_sections(report(spec=spec))[0]

    assert any(
        "not checked" in one and "study nurse" in one for one in promise.sentences
    )
