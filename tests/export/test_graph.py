"""The graph computes what torch computes."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.inference.torch_engine import TorchEngine
from tumorscope.preprocessing import to_network_input

onnx = pytest.importorskip("onnx", reason="the extra 'onnx' is not installed")
pytest.importorskip("onnxruntime", reason="the extra 'onnx' is not installed")


def test_batch_normalization_is_folded(graph):
    """Serving computes 53 convolutions and no normalization."""
    kinds = [node.op_type for node in onnx.load_from_string(graph).graph.node]

    assert kinds.count("Conv") == 53
    assert "BatchNormalization" not in kinds


def test_any_batch_goes_in_and_map_and_logit_come_out_of_one_pass(graph):
    """The batch is free, the size fixed, and both outputs stand in one graph."""
    found = onnx.load_from_string(graph).graph

    (entry,) = found.input
    shape = [
        each.dim_param or each.dim_value for each in entry.type.tensor_type.shape.dim
    ]
    assert shape == ["batch", 3, 64, 64]
    assert [each.name for each in found.output] == ["logit", "class_map"]


@pytest.mark.parametrize("batch", [1, 3, 8])
def test_graph_gives_the_numbers_of_torch(graph, weights, pixels, batch):
    """Logit and map of every slice, whatever the batch; and the map varies."""
    module = pytest.importorskip("tumorscope.inference.onnx_engine")
    images = to_network_input(pixels[:batch])

    logit, class_map = module.OnnxEngine(graph, threads=1).run(images)

    expected = TorchEngine(weights, device="cpu").run(images)
    assert logit.shape == (batch,)
    assert class_map.shape == (batch, 2, 2)
    np.testing.assert_allclose(logit, expected[0], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(class_map, expected[1], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(class_map.mean(axis=(1, 2)), logit, rtol=1e-4, atol=1e-5)
    assert class_map.std() > 1e-4


def test_export_leaves_the_network_as_it_is(graph, weights):
    """The wrapper adds outputs; the weights that were exported still are the bundle's."""
    again = TorchEngine(weights, device="cpu").network.state_dict()

    assert set(again) == set(weights)
    assert all(np.array_equal(again[name].numpy(), weights[name]) for name in weights)
