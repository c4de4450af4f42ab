"""Everything that a model card is filled from."""

from __future__ import annotations

import pytest

from tumorscope.domain.errors import DataError


def test_run_without_a_model_has_no_card(make_source):
    """A model card of no model is refused, with the command that trains one."""
    with pytest.raises(DataError, match="tumorscope train"):
        make_source(cards=())


@pytest.mark.parametrize(
    ("stages", "is_older"),
    [
        (("train", "evaluate"), False),
        (("train", "evaluate", "train"), True),
        (("train", "evaluate", "train", "evaluate"), False),
        (("train",), False),
    ],
)
def test_figures_of_an_earlier_model_are_known(
    make_source, make_record, stages, is_older
):
    """The last evaluation counts against the last training."""
    source = make_source(record=make_record(stages))

    assert source.is_older_than_model("evaluate") is is_older
