"""From a trained run to an engine that `predict` uses."""

from __future__ import annotations

import json
import shutil

import pytest

from tumorscope.domain.errors import BundleError, ConfigError, ParityError
from tumorscope.domain.export_spec import ExportSpec, Tolerance
from tumorscope.workflows.export import export_engine
from tumorscope.workflows.predict import predict
from tumorscope.workflows.serving import serve_bundle

pytestmark = pytest.mark.xdist_group("trained-run")
for _name in ("openvino", "onnx"):
    pytest.importorskip(_name, reason="the extra 'openvino' is not installed")

SPEC = ExportSpec(target="openvino", bootstrap_draws=100)
IMPOSSIBLE = Tolerance(probability_difference=0.0)


@pytest.fixture(scope="module")
def exported(tmp_path_factory, trained):
    """Return a run whose bundle has an OpenVINO engine; nobody may write to it."""
    run = tmp_path_factory.mktemp("exported") / "run"
    shutil.copytree(trained, run)
    export_engine(run, SPEC)
    return run


@pytest.fixture
def picture(cohort):
    """Return a slice of the cohort."""
    return next(one for one in sorted(cohort.rglob("*.png")) if "_mask" not in one.name)


def engine_folder(run):
    return run / "bundle" / "engines" / "openvino-fp32"


def test_parity_on_the_tuning_part_stands_beside_the_engine(exported):
    """Full precision changes no decision; the comparison is a file with intervals."""
    parity = json.loads((engine_folder(exported) / "parity.json").read_text())

    assert parity["compared_on"] == "the tuning part of fold holdout"
    assert parity["largest_probability_difference"] <= 1e-4
    assert parity["changed_decisions"] == 0
    assert parity["figures"]["auroc_change"]["n_patients"] > 1
    assert parity["breaches"] == []


def test_prediction_takes_the_engine_and_gives_the_numbers_of_torch(exported, picture):
    """`auto` finds it, the answer names it, and torch is there for the asking."""
    fast = predict(exported, [picture])
    slow = predict(exported, [picture], engine="torch")

    assert fast.slices[0].tumor_probability == pytest.approx(
        slow.slices[0].tumor_probability, abs=1e-4
    )
    assert any(note.startswith("engine: openvino-fp32") for note in fast.notes)
    assert "engine: torch" in slow.notes


def test_the_words_of_an_export_lead_on(trained, own):
    """Figures with intervals, and the next command."""
    done = export_engine(own(trained) / "bundle", SPEC)

    assert "0 decisions change" in done.as_words()
    assert done.as_words().splitlines()[-1].endswith("--engine openvino-fp32")


def test_an_engine_beyond_the_tolerance_is_not_kept(trained, own):
    """Exit status 3; the comparison stays, the engine does not."""
    run = own(trained)
    strict = SPEC.model_copy(update={"tolerance": IMPOSSIBLE})

    with pytest.raises(ParityError, match="was not kept: tumor_probability") as raised:
        export_engine(run, strict)

    assert raised.value.exit_status == 3
    refused = run / "bundle" / "engines" / "openvino-fp32.refused.json"
    assert json.loads(refused.read_text())["breaches"]
    assert not engine_folder(run).exists()


def test_a_reason_keeps_it_and_it_must_then_be_named(trained, own, picture):
    """A waived engine never scores by itself, and its reason stands on each answer."""
    run = own(trained)
    waived = SPEC.model_copy(update={"tolerance": IMPOSSIBLE, "waiver": "speed drill"})

    done = export_engine(run, waived)

    assert done.record.waiver == "speed drill"
    assert "kept because: speed drill" in done.as_words()
    assert "engine: torch" in predict(run, [picture]).notes
    named = predict(run, [picture], engine="openvino-fp32")
    assert any("beyond its tolerance: speed drill" in one for one in named.notes)


def test_given_images_stand_in_for_a_run(trained, tmp_path, cohort):
    """A bundle that was copied out of its run can be exported on any images."""
    bundle = tmp_path / "copied"
    shutil.copytree(trained / "bundle", bundle)
    images = [one for one in sorted(cohort.rglob("*.png")) if "_mask" not in one.name]

    done = export_engine(bundle, SPEC, images=images[:5])

    assert done.parity.slices == 5
    assert done.parity.figures["auroc_change"].reason


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_without_run_and_images_there_is_nothing_to_compare_on(
    trained, tmp_path, precision
):
    """int8 needs the training slices, whatever images are named."""
    bundle = tmp_path / "copied"
    shutil.copytree(trained / "bundle", bundle)
    images = [bundle] if precision == "int8" else []

    with pytest.raises(ConfigError, match="outside its run"):
        export_engine(
            bundle, SPEC.model_copy(update={"precision": precision}), images=images
        )


def test_a_copy_beside_the_bundle_of_a_run_does_not_belong_to_it(trained, own):
    """Only the folders that training wrote are those of the run's folds."""
    run = own(trained)
    shutil.copytree(run / "bundle", run / "older")

    with pytest.raises(ConfigError, match="outside its run"):
        export_engine(run / "older", SPEC)


@pytest.mark.parametrize("edit", ["weights", "graph"])
def test_an_engine_of_other_weights_is_refused(exported, tmp_path, edit):
    """Whether the card is another one, or the engine was copied from elsewhere."""
    bundle = tmp_path / "bundle"
    shutil.copytree(exported / "bundle", bundle)
    path = bundle / (
        "card.json" if edit == "weights" else "engines/openvino-fp32/model.xml"
    )
    content = path.read_text()
    if edit == "weights":
        card = json.loads(content)
        card["files"]["weights.safetensors"] = "0" * 64
        content = json.dumps(card)
    path.write_text(content.replace("Model0", "Model1") + " ")

    with pytest.raises(BundleError, match=r"another model|damaged or exchanged"):
        serve_bundle(bundle)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_int8_is_calibrated_on_training_slices(trained, own):
    """Their number stands in the record, at most as many as were asked for."""
    pytest.importorskip("nncf", reason="the extra 'openvino' is not installed")
    spec = SPEC.model_copy(
        update={"precision": "int8", "calibration_slices": 8, "waiver": "a test"}
    )

    done = export_engine(own(trained), spec)

    assert done.record.calibration_slices == 8
    assert done.record.name == "openvino-int8"
    assert set(done.record.environment) == {
        "tumorscope",
        "torch",
        "onnx",
        "openvino",
        "nncf",
    }
