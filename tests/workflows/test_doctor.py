"""Tests of `tumorscope.workflows.doctor`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tumorscope.domain.published_weights import IMAGENET1K_V2
from tumorscope.learning.initial_weights import cache_folder
from tumorscope.workflows import missing_parts
from tumorscope.workflows.doctor import choose_precision, inspect_machine
from tumorscope.workflows.hardware_facts import (
    CPU_FEATURES,
    Gpu,
    free_gib,
    parse_gpus,
)

A100 = Gpu(name="A100", memory_gib=40.0, driver="550.1", capability=(8, 0))
T4 = Gpu(name="T4", memory_gib=15.0, driver="550.1", capability=(7, 5))


def processor_list(folder: Path, flags: str) -> Path:
    path = folder / "cpuinfo"
    path.write_text(f"processor : 0\nmodel name : Abacus 3000\nflags : fpu {flags}\n")
    return path


def no_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))


def fake_nvidia_smi(folder: Path, script: str) -> None:
    command = folder / "nvidia-smi"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)


def test_cpu_model_and_features_are_read_from_the_list_of_processors(tmp_path):
    """Features are yes or no where the system lists flags, whichever flag tells it."""
    source = processor_list(tmp_path, "avx2 avx512f avx_vnni")

    processor = inspect_machine(cpuinfo=source).processor

    assert processor.model == "Abacus 3000"
    assert processor.features == {
        "AVX2": True,
        "AVX-512": True,
        "AVX-512 BF16": False,
        "AMX BF16": False,
        "VNNI": True,
    }
    assert processor.cores >= 1
    assert processor.native_bf16 is False


def test_features_are_unknown_without_a_list_of_processors(tmp_path):
    """A system that does not tell is "unknown", not "no"."""
    report = inspect_machine(cpuinfo=tmp_path / "absent")

    assert set(report.processor.features) == set(CPU_FEATURES)
    assert set(report.processor.features.values()) == {None}
    assert report.processor.native_bf16 is None
    assert "unknown" in report.as_text()


def test_without_the_driver_tool_there_is_no_gpu_and_no_failure(tmp_path, monkeypatch):
    """A machine without `nvidia-smi` gets a report that says how to get a GPU used."""
    no_path(tmp_path, monkeypatch)

    report = inspect_machine()

    assert report.gpus == ()
    assert report.precision.device == "cpu"
    assert "CUDA GPU" in [item.what for item in report.missing]


@pytest.mark.parametrize("script", ["exit 9", "echo nonsense", "printf '\\377\\376'"])
def test_a_broken_driver_tool_is_no_gpu_and_no_failure(tmp_path, monkeypatch, script):
    """`nvidia-smi` without a working driver is common: it must not raise."""
    fake_nvidia_smi(tmp_path, script)
    no_path(tmp_path, monkeypatch)

    assert inspect_machine().gpus == ()


def test_gpus_are_read_from_the_driver_tool(tmp_path, monkeypatch):
    """What `nvidia-smi` lists reaches the report and its text."""
    fake_nvidia_smi(tmp_path, "echo 'NVIDIA A100, 40960, 550.1, 8.0'")
    no_path(tmp_path, monkeypatch)

    report = inspect_machine()

    expected = Gpu(
        name="NVIDIA A100", memory_gib=40.0, driver="550.1", capability=(8, 0)
    )
    assert report.gpus == (expected,)
    assert "NVIDIA A100, 40.0 GiB, driver 550.1" in report.as_text()


def test_fields_that_the_driver_does_not_know_are_none():
    """Old drivers print [N/A]: the device still counts."""
    (gpu,) = parse_gpus("Old Card, [N/A], 390.1, [N/A]\n")

    assert gpu.memory_gib is None
    assert gpu.capability is None


@pytest.mark.parametrize(
    ("gpus", "torch_version", "native_bf16", "expected"),
    [
        ([A100], "2.13.0", False, ("cuda", "bf16")),
        ([T4], "2.13.0", True, ("cuda", "32")),
        ([A100], "2.13.0+cpu", False, ("cpu", "32")),
        ([A100], None, False, ("cpu", "32")),
        ([], "2.13.0", True, ("cpu", "bf16")),
        ([], "2.13.0", False, ("cpu", "32")),
        ([], "2.13.0", None, ("cpu", "32")),
    ],
)
def test_bf16_is_chosen_only_where_hardware_multiplies_it(
    gpus, torch_version, native_bf16, expected
):
    """Emulated bf16 is never chosen, and an unknown machine is taken as one without."""
    choice = choose_precision(
        gpus, torch_version=torch_version, native_bf16=native_bf16
    )

    assert (choice.device, choice.precision) == expected
    assert choice.reason


def test_absent_weights_come_with_the_address_and_the_place():
    """Offline, a user reads which file to put where."""
    report = inspect_machine()
    (item,) = [item for item in report.missing if item.what == "ImageNet weights"]

    assert not report.weights_present
    assert report.weights in item.remedy
    assert "https://download.pytorch.org/models/resnet50" in item.remedy


def test_weights_in_the_cache_are_found():
    """A file at the named place is no longer missing."""
    path = Path(inspect_machine().weights)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"weights")

    report = inspect_machine()

    assert report.weights_present
    assert "ImageNet weights" not in [item.what for item in report.missing]


def test_free_space_is_asked_at_the_nearest_existing_folder(tmp_path):
    """The folder of a run that does not exist yet has the space of its parent."""
    deep = free_gib(tmp_path / "runs" / "new")

    assert deep is not None
    assert deep > 0


def test_a_package_that_is_not_installed_is_reported(monkeypatch):
    """An incomplete installation is named with the command that completes it."""
    monkeypatch.setattr(
        "tumorscope.workflows.doctor.PACKAGES", ("numpy", "torch", "absent-package")
    )

    report = inspect_machine()

    assert report.packages["numpy"]
    assert report.packages["absent-package"] is None
    assert "pip install absent-package" in report.as_text()


def test_json_holds_what_the_text_holds():
    """A script reads the same facts as a person."""
    report = inspect_machine()
    facts = json.loads(report.as_json())

    assert facts["python"] == report.python
    assert facts["precision"]["reason"] in report.as_text()
    assert [item["what"] for item in facts["missing"]] == [
        item.what for item in report.missing
    ]
    assert "Research use only. Not a medical device." in report.as_text()


def test_every_missing_thing_has_a_cost_and_a_remedy(tmp_path, monkeypatch):
    """Nobody is told of a lack without what it costs and what to do."""
    no_path(tmp_path, monkeypatch)

    for item in inspect_machine(cpuinfo=tmp_path / "absent").missing:
        assert item.cost
        assert item.remedy


def test_inspection_imports_nothing_heavy():
    """The doctor works, and fast, where torch or pandas cannot be imported."""
    program = (
        "import sys; from tumorscope.workflows.doctor import inspect_machine;"
        "inspect_machine();"
        "print([m for m in ('torch', 'monai', 'lightning', 'pandas', 'numpy', 'cv2')"
        " if m in sys.modules])"
    )

    answer = subprocess.run(  # noqa: S603 - the program above
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert answer.stdout.strip() == "[]"


@pytest.mark.slow
def test_weights_are_looked_for_where_training_puts_them():
    """Doctor and training name one file at one place."""
    report = inspect_machine()

    assert Path(report.weights) == cache_folder() / IMAGENET1K_V2.file_name


def test_openvino_is_recommended_where_it_is_missing(monkeypatch):
    """The fastest runtime is optional: its lack is told with the command, not as a fault."""
    known = missing_parts.version

    def without(package):
        if package == "openvino":
            raise missing_parts.PackageNotFoundError(package)
        return known(package)

    monkeypatch.setattr(missing_parts, "version", without)

    missing = {item.what: item for item in inspect_machine().missing}

    assert "openvino" not in missing
    assert missing["extra 'openvino'"].remedy == "pip install 'tumorscope[openvino]'"
    assert "recommended" in missing["extra 'openvino'"].cost
