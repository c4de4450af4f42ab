"""From a graph to the files of an engine, for each runtime."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.domain.engine import graph_metadata
from tumorscope.domain.errors import BundleError, ConfigError
from tumorscope.domain.export_spec import ExportSpec
from tumorscope.export.files import check_tools, make_files
from tumorscope.inference.engines import open_engine
from tumorscope.inference.torch_engine import TorchEngine
from tumorscope.preprocessing import to_network_input

TARGETS = ("onnx", "openvino")


@pytest.fixture(params=TARGETS)
def spec(request) -> ExportSpec:
    """Return an export in full precision, where its tools are installed."""
    need(request.param)
    return ExportSpec(target=request.param)


def need(target: str, *more: str) -> None:
    names = {"onnx": ("onnx", "onnxruntime"), "openvino": ("onnx", "openvino")}[target]
    for name in (*names, *more):
        pytest.importorskip(name, reason=f"the extra {target!r} is not installed")


def test_an_engine_scores_as_torch_and_says_what_it_is(  # noqa: PLR0917 - fixtures
    graph, spec, card, weights, pixels
):
    """Numbers of torch to 1e-4, in any batch; preprocessing and digest inside."""
    metadata = graph_metadata(card, "a" * 64)

    files = make_files(graph, spec, metadata=metadata, calibration=None)
    engine = open_engine(spec.target, spec.precision, files)

    images = to_network_input(pixels)
    expected = TorchEngine(weights, device="cpu").run(images)
    for count in (8, 1):
        logit, class_map = engine.run(images[:count])
        np.testing.assert_allclose(logit, expected[0][:count], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(class_map, expected[1][:count], rtol=1e-4, atol=1e-4)
    assert metadata.items() <= engine.metadata.items()


def test_a_later_answer_leaves_an_earlier_one_alone(graph, spec, card, pixels):
    """Runtimes write into memory of their own: what was handed out stays."""
    files = make_files(graph, spec, metadata={}, calibration=None)
    engine = open_engine(spec.target, spec.precision, files)
    first, _ = engine.run(to_network_input(pixels[:2]))
    kept = first.copy()

    engine.run(to_network_input(pixels[2:4]))

    np.testing.assert_array_equal(first, kept)


def test_a_graph_without_metadata_has_none_of_ours(graph, spec):
    """A foreign graph is told by what is missing."""
    files = make_files(graph, spec, metadata={}, calibration=None)

    found = open_engine(spec.target, spec.precision, files).metadata

    assert "weights_digest" not in found


@pytest.mark.parametrize("target", TARGETS)
def test_a_damaged_graph_is_a_bundle_error(target):
    """Whatever a runtime raises, the user reads one sentence."""
    need(target)
    names = {"onnx": ("model.onnx",), "openvino": ("model.xml", "model.bin")}[target]
    files = dict.fromkeys(names, b"no graph")

    with pytest.raises(BundleError, match="cannot load the engine"):
        open_engine(target, "fp32", files)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("target", TARGETS)
def test_int8_keeps_the_order_of_the_slices(target, graph, weights, pixels):
    """A quarter of the bytes, other numbers, and nearly the same ranking."""
    need(target, *(["nncf"] if target == "openvino" else []))
    spec = ExportSpec(target=target, precision="int8")

    files = make_files(graph, spec, metadata={}, calibration=pixels)
    logit, class_map = open_engine(target, "int8", files).run(to_network_input(pixels))

    expected, _ = TorchEngine(weights, device="cpu").run(to_network_input(pixels))
    assert sum(map(len, files.values())) < 0.4 * len(graph)
    assert np.corrcoef(logit, expected)[0, 1] > 0.9
    assert np.abs(logit - expected).max() > 1e-5
    np.testing.assert_allclose(class_map.mean(axis=(1, 2)), logit, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("precision", "calibration"),
    [("int8", None), ("fp32", np.zeros((1, 64, 64, 3), dtype=np.uint8))],
)
def test_only_int8_is_calibrated(precision, calibration):
    """No int8 without training slices, and no other precision with them."""
    spec = ExportSpec(target="onnx", precision=precision)

    with pytest.raises(ConfigError, match="calibrated on training slices"):
        make_files(b"", spec, metadata={}, calibration=calibration)


def test_bf16_is_refused_where_it_would_be_something_else():
    """OpenVINO would silently compute in 32 bit; ONNX Runtime has no such convolution."""
    need("openvino")
    with pytest.raises(ConfigError, match="does not multiply bf16"):
        check_tools(ExportSpec(target="openvino", precision="bf16"), native_bf16=False)
    check_tools(ExportSpec(target="openvino", precision="bf16"), native_bf16=True)
    with pytest.raises(ConfigError, match="no bf16 convolution"):
        check_tools(ExportSpec(target="onnx", precision="bf16"), native_bf16=True)
