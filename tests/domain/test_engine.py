"""What a graph says of itself, and graphs of other models."""

from __future__ import annotations

import json

import pytest

from tumorscope.domain.engine import check_origin, graph_metadata
from tumorscope.domain.errors import BundleError
from tumorscope.domain.specs import PreprocessSpec


def test_metadata_hold_preprocessing_labels_and_digest(card):
    """A reader with nothing but the graph knows what to feed it, and what comes out."""
    found = graph_metadata(card, "a" * 64)

    assert json.loads(found["preprocess"]) == card.preprocess.model_dump()
    assert found["classes"] == "no_tumor,tumor"
    assert found["weights_digest"] == "a" * 64
    assert found["notice"] == "Research use only. Not a medical device."
    assert all(isinstance(value, str) for value in found.values())


def test_a_graph_of_the_bundle_is_accepted(card):
    """Its own metadata fit, whatever else a runtime adds."""
    found = graph_metadata(card, "a" * 64) | {"runtime": "3"}

    check_origin(card, name="onnx-fp32", weights_digest="a" * 64, found=found)


@pytest.mark.parametrize("edit", ["weights", "preprocess", "empty"])
def test_a_graph_of_another_model_is_refused(card, edit):
    """Other weights, another crop, or no metadata at all."""
    found = graph_metadata(card, "a" * 64)
    if edit == "weights":
        found["weights_digest"] = "b" * 64
    elif edit == "preprocess":
        found["preprocess"] = PreprocessSpec(size_px=96).model_dump_json()
    else:
        found = {}

    with pytest.raises(BundleError, match="exported from another model"):
        check_origin(card, name="onnx-fp32", weights_digest="a" * 64, found=found)
