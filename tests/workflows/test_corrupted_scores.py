"""What is done to slices, and under which names it is kept."""

import numpy as np
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.robustness_spec import RobustnessSpec
from tumorscope.workflows.corrupted_scores import corruptions_of


def test_everything_asked_for_is_done_once():
    """Nine artifacts at five severities and four missing sequences, in unlike files."""
    found = corruptions_of(RobustnessSpec(), ("t1", "flair", "t1c"))

    assert len(found) == 49
    assert len({one.file_stem for one in found}) == 49
    assert found[0].file_stem == "motion-1"
    assert {one.file_stem for one in found} >= {"blur-gibbs-3"}


@pytest.mark.parametrize(
    ("spec", "sequences"),
    [
        (RobustnessSpec(missing_sequences=False), ("t1", "flair", "t1c")),
        (RobustnessSpec(), ()),
    ],
)
def test_no_sequence_is_replaced_without_need_or_knowledge(spec, sequences):
    """Switched off, or channels unknown: artifacts only."""
    assert len(corruptions_of(spec, sequences)) == 45


def test_a_grey_picture_has_no_sequence_to_replace():
    """Channel names and pixels that do not fit are an error."""
    replaced = corruptions_of(RobustnessSpec(), ("t1", "flair", "t1c"))[-1]

    with pytest.raises(DataError, match="one channel"):
        replaced.change(np.ones((20, 20), np.uint8), "a.png")
