"""A bundle opened for new images, without what only training needs."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from tumorscope.domain.errors import BundleError
from tumorscope.domain.export_spec import ExportSpec
from tumorscope.workflows.export import export_engine
from tumorscope.workflows.serving import bundle_of, serve_bundle

pytestmark = pytest.mark.xdist_group("trained-run")

HEAVY = ("torch", "monai", "lightning", "captum", "sklearn", "matplotlib", "nncf")
NOT_FOR_ONE_IMAGE = (
    *HEAVY,
    *("pandas", "pyarrow", "scipy", "pydicom", "nibabel", "jinja2", "highdicom"),
    *("tumorscope.importers.detection", "tumorscope.domain.manifest"),
)
COMMAND = f"""
import sys
from tumorscope.cli import main
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended.code
print([name for name in {NOT_FOR_ONE_IMAGE!r} if name in sys.modules])
"""
PROGRAM = f"""
import sys
from pathlib import Path
from tumorscope.workflows.predict import predict
found = predict(Path(sys.argv[1]), [Path(sys.argv[2])])
assert found.slices[0].tumor_probability is not None, found
print([name for name in {HEAVY!r} if name in sys.modules], found.notes)
"""


def test_a_bundle_is_found_by_itself_or_by_its_run(trained):
    """Both ways of naming a model mean the same one."""
    assert bundle_of(trained) == bundle_of(trained / "bundle") == trained / "bundle"


def test_a_run_with_several_bundles_names_them(tmp_path):
    """Cross-validation leaves one for each fold, and none of them is the model."""
    for name in ("fold2", "fold1"):
        (tmp_path / "folds" / "bundles" / name).mkdir(parents=True)

    with pytest.raises(BundleError, match="fold1, fold2"):
        bundle_of(tmp_path / "folds")


def test_without_an_engine_torch_serves_the_bundle_with_its_gate(trained):
    """A bundle that was never exported scores as before."""
    model = serve_bundle(trained)

    assert model.engine_note == "engine: torch"
    assert model.predictor.card.input_gate is not None


def test_a_changed_gate_is_refused(trained, own):
    """The gate is checked although no weights are read."""
    bundle = own(trained) / "bundle"
    content = (bundle / "gate.safetensors").read_bytes()
    (bundle / "gate.safetensors").unlink()
    (bundle / "gate.safetensors").write_bytes(content[:-1] + b"x")

    with pytest.raises(BundleError, match="damaged or exchanged"):
        serve_bundle(bundle)


@pytest.mark.slow
@pytest.mark.parametrize("target", ["openvino", "onnx"])
def test_scoring_with_an_engine_brings_no_torch(trained, tmp_path, cohort, target):
    """Neither torch nor MONAI is loaded, and for one image neither pandas nor scipy."""
    module = {"openvino": "openvino", "onnx": "onnxruntime"}[target]
    pytest.importorskip("onnx", reason=f"the extra {target!r} is not installed")
    pytest.importorskip(module, reason=f"the extra {target!r} is not installed")
    shutil.copytree(trained, tmp_path / "run")
    export_engine(tmp_path / "run", ExportSpec(target=target, bootstrap_draws=100))
    picture = next(
        one for one in sorted(cohort.rglob("*.png")) if "_mask" not in one.name
    )

    answer = subprocess.run(  # noqa: S603 - the program above
        [sys.executable, "-c", PROGRAM, str(tmp_path / "run"), str(picture)],
        capture_output=True,
        text=True,
        check=True,
    )

    assert answer.stdout.startswith("[] ")
    assert f"engine: {target}-fp32 against torch" in answer.stdout
    alone = subprocess.run(  # noqa: S603 - the command line itself
        [sys.executable, "-c", COMMAND, "predict", str(tmp_path / "run"), str(picture)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert alone.stdout.splitlines()[-1] == "[]"
    assert f"engine: {target}-fp32 against torch" in alone.stdout
