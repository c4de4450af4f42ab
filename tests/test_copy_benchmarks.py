"""The benchmarks of the search for copies run at a tiny size."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from tumorscope.domain.manifest import Manifest
from tumorscope.phantom.spec import PhantomSpec
from tumorscope.workflows.phantom import make_phantom
from tumorscope.workflows.prepare import SourceOptions, read_source

SCRIPTS = ("audit_copies", "audit_scale")


@pytest.fixture
def load(repository: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that imports a script as Python would when it runs it."""
    monkeypatch.syspath_prepend(str(repository / "benchmarks"))
    return importlib.import_module


@pytest.fixture(scope="module")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """Return a small cohort."""
    folder = tmp_path_factory.mktemp("cohort") / "phantom"
    make_phantom(
        folder, PhantomSpec(patients=3, slices_per_patient=6, size_px=128), workers=1
    )
    return read_source(folder, SourceOptions()).manifest


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_explains_itself(name: str, load, monkeypatch, capsys):
    """`--help` prints the options and ends well."""
    monkeypatch.setattr(sys, "argv", [f"{name}.py", "--help"])

    with pytest.raises(SystemExit) as ended:
        load(name).main()

    assert ended.value.code == 0
    assert "usage:" in capsys.readouterr().out


def test_every_change_makes_another_picture(load):
    """A planted copy is a picture of 8 bit that differs from its original."""
    original = np.random.default_rng(0).integers(0, 200, (64, 80, 3), dtype=np.uint8)

    for kind, change in load("copy_changes").CHANGES.items():
        changed = change(original, np.random.default_rng(1))

        assert changed.dtype == np.uint8, kind
        assert changed.ndim == 3, kind
        assert changed.shape != original.shape or (changed != original).any(), kind


@pytest.mark.slow
def test_planted_copies_of_a_phantom_are_found(load, phantom, monkeypatch, tmp_path):
    """Nearly all planted copies are found, and no pair of two patients."""
    module, out = load("audit_copies"), tmp_path / "copies.json"
    monkeypatch.setattr(module, "read_cohort", lambda name, **_: phantom)

    status = module.main(["--source", "phantom", "--copies", "3", "--json", str(out)])

    figures = {
        each["name"]: each["value"]
        for each in json.loads(out.read_text(encoding="utf-8"))["figures"]
    }
    assert status == 0
    assert figures["phantom: recall, all kinds"] > 0.9
    assert figures["phantom: precision over patients"] == 1


@pytest.mark.slow
def test_scale_is_measured_apart_from_making_the_slices(
    load, phantom, monkeypatch, tmp_path
):
    """Time, memory and what was found stand in the result."""
    module, out = load("audit_scale"), tmp_path / "scale.json"
    monkeypatch.setattr(module, "read_cohort", lambda name, **_: phantom)

    status = module.main(["--slices", "150", "--json", str(out)])

    content = json.loads(out.read_text(encoding="utf-8"))
    assert status == 0
    assert set(content["details"]["wall_s"]) == {
        "making slices",
        "fingerprints",
        "search",
    }
    assert all(each["goal"] is None for each in content["figures"])
