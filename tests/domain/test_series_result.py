"""Tests of a result: one that nothing can be said of cannot exist."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.scan_origin import ScanOrigin
from tumorscope.domain.series_result import ModelIdentity, SeriesResult, SliceResult
from tumorscope.domain.slice_stack import SliceStack
from tumorscope.domain.study import SequenceGuess, SeriesFacts


@pytest.fixture
def result():
    """Return a result of one slice."""
    stack = SliceStack(
        facts=SeriesFacts(
            label="x",
            patient_id=None,
            study_id="s",
            series_id="t",
            sequence=SequenceGuess(name="flair", certainty="certain"),
        ),
        sequences=("flair",),
        pixels=np.zeros((1, 4, 5), np.uint16),
        masks=None,
        has_content=np.ones(1, np.bool_),
        positions_mm=np.zeros(1),
        spacing_mm=(1.0, 1.0),
        origins_mm=np.zeros((1, 3)),
        row_step_mm=np.array([0.0, 1, 0]),
        column_step_mm=np.array([1.0, 0, 0]),
    )
    one = SliceResult(
        index=0,
        tumor_probability=0.5,
        decision="refer",
        class_map=np.zeros((4, 5), np.float32),
    )
    return SeriesResult(
        model=ModelIdentity(name="m", version="1", weights_digest="0" * 64),
        stack=stack,
        origin=ScanOrigin(heads=("{}",), frames=()),
        further=(),
        threshold_probability=0.5,
        slices=(one,),
        overlays=(),
        made=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_a_result_needs_a_scored_slice(result):
    """Nothing is filed of a series that nobody could score."""
    with pytest.raises(DataError, match="no slice was scored"):
        replace(result, slices=())


def test_a_map_has_the_shape_of_its_slice(result):
    """Otherwise it would lie at another place of the head."""
    turned = replace(result.slices[0], class_map=np.zeros((5, 4), np.float32))

    with pytest.raises(DataError, match="another shape"):
        replace(result, slices=(turned,))


def test_a_time_has_a_zone(result):
    """Times of two hospitals can be compared."""
    with pytest.raises(DataError, match="needs a zone"):
        replace(result, made=datetime(2026, 1, 1))  # noqa: DTZ001 - the fault under test
