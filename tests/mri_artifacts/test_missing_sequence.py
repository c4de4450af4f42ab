"""Missing sequences: which, and by what they are replaced."""

import pytest

from tumorscope.mri_artifacts.missing_sequence import (
    missing_sequences,
    replace_sequence,
)


def test_pre_and_post_are_replaced_by_flair_and_by_zeros(disc):
    """Four ways; only the named channel changes, and the input stays as it is."""
    before = disc.copy()

    ways = {one.name: one for one in missing_sequences(("T1", "FLAIR", "T1c"))}

    assert list(ways) == [
        "pre replaced by FLAIR",
        "pre replaced by zeros",
        "post replaced by FLAIR",
        "post replaced by zeros",
    ]
    replaced = replace_sequence(disc, ways["post replaced by FLAIR"])
    assert (replaced[..., 2] == disc[..., 1]).all()
    assert (replaced[..., :2] == disc[..., :2]).all()
    assert not replace_sequence(disc, ways["pre replaced by zeros"])[..., 0].any()
    assert (disc == before).all()


@pytest.mark.parametrize("names", [(), ("t1", "t2", "t1c"), ("flair",) * 3])
def test_unknown_channels_are_not_guessed(names):
    """Without names, without FLAIR or without T1 nothing is replaced."""
    assert missing_sequences(names) == ()
