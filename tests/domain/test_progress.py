"""How a long stage reports progress."""

from __future__ import annotations

from tumorscope.domain.progress import silent


def test_silent_progress_hands_every_item_on(capsys):
    """Nothing is lost, and nothing is shown."""
    assert list(silent(iter("abc"), total=3, label="letters")) == ["a", "b", "c"]
    assert list(silent([], total=0, label="none")) == []
    assert capsys.readouterr() == ("", "")
