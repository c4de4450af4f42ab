"""Tests of the import contracts: that they are kept, and that they bite."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DOMAIN_LIBRARIES = {"annotated_types", "numpy", "pandas", "pydantic", "tumorscope"}
PACKAGES = (
    "audit",
    "client",
    "cli",
    "deid",
    "domain",
    "estimation",
    "evaluation",
    "explanation",
    "export",
    "importers",
    "inference",
    "input_gate",
    "io",
    "learning",
    "model_card",
    "mri_artifacts",
    "pages",
    "phantom",
    "serve",
    "workflows",
)
MODULES = ("preprocessing", "splitting")


def lint_imports(project: Path, *, sources: Path) -> subprocess.CompletedProcess[str]:
    command = Path(sys.executable).parent / "lint-imports"
    return subprocess.run(  # noqa: S603 - the linter of this environment
        [str(command), "--no-cache"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(sources)},
        capture_output=True,
        text=True,
        check=False,
    )


def tiny_project(folder: Path, repository: Path) -> Path:
    """Write a package of empty modules in our layout, under our contracts."""
    package = folder / "src" / "tumorscope"
    for name in PACKAGES:
        (package / name).mkdir(parents=True)
        (package / name / "__init__.py").touch()
    for name in ("__init__", *MODULES):
        (package / f"{name}.py").touch()
    (package / "inference" / "torch_engine.py").write_text("import torch\n")
    for name in (
        *("predict", "predict_images", "score_archive"),
        *("screening", "serving"),
    ):
        (package / "workflows" / f"{name}.py").touch()
    shutil.copy(repository / "pyproject.toml", folder)
    return package


@pytest.mark.slow
def test_every_contract_is_kept(repository):
    """Imports point down only, and torch stays where it belongs."""
    answer = lint_imports(repository, sources=repository / "src")

    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "0 broken" in answer.stdout


@pytest.mark.slow
def test_an_empty_package_in_our_layout_keeps_the_contracts(tmp_path, repository):
    """The violations below are found for themselves, not for the tiny package."""
    tiny_project(tmp_path, repository)

    answer = lint_imports(tmp_path, sources=tmp_path / "src")

    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "text", "contract"),
    [
        ("domain/values.py", "from tumorscope import splitting", "point down only"),
        ("splitting.py", "from tumorscope import preprocessing", "point down only"),
        ("utils.py", "", "point down only"),
        ("domain/values.py", "import scipy", "The domain knows"),
        ("learning/data.py", "import tumorscope.io", "Bytes are touched at the edge"),
        ("evaluation/curves.py", "import torchmetrics", "No torch in or through"),
        (
            "evaluation/curves.py",
            "def curve():\n    import torch",
            "No torch in or through",
        ),
        ("importers/lgg.py", "from tumorscope import learning", "No torch in or"),
        ("workflows/train.py", "import lightning", "leave torch to the stages"),
        ("inference/predictor.py", "import torch", "only the torch engine"),
        (
            "workflows/serving.py",
            "from tumorscope.inference import torch_engine",
            "scored without torch",
        ),
        ("serve/app.py", "from tumorscope.learning import network", "without torch"),
        ("serve/app.py", "from tumorscope import client", "point down only"),
        ("workflows/train.py", "import sqlalchemy", "Typer and FastAPI"),
        ("learning/network.py", "import torchvision", "No torchvision"),
        ("workflows/train.py", "import typer", "Typer and FastAPI"),
        ("phantom/b.py", "from tumorscope.phantom import a", "No cycles"),
    ],
)
def test_a_violation_breaks_its_contract(tmp_path, repository, *, file, text, contract):
    """A contract that never fails would keep nothing."""
    package = tiny_project(tmp_path, repository)
    (package / "learning" / "network.py").write_text("import torch\n")
    (package / "learning" / "__init__.py").write_text(
        "from tumorscope.learning import network\n"
    )
    (package / "phantom" / "a.py").write_text("from tumorscope.phantom import b\n")
    (package / "phantom" / "b.py").touch()
    (package / file).write_text(f"{text}\n")

    answer = lint_imports(tmp_path, sources=tmp_path / "src")

    broken = [line for line in answer.stdout.splitlines() if "BROKEN" in line]
    assert answer.returncode == 1, answer.stdout + answer.stderr
    assert any(contract in line for line in broken), answer.stdout


def test_every_folder_with_modules_is_a_package(repository):
    """A folder without `__init__.py` would be left out of checks without a word."""
    folders = {path.parent for path in (repository / "src").rglob("*.py")}

    bare = [folder for folder in folders if not (folder / "__init__.py").exists()]

    assert bare == []


def test_the_domain_imports_four_libraries_at_most(repository):
    """The contract lists what is forbidden; this lists what is allowed."""
    imported = {
        name
        for path in (repository / "src" / "tumorscope" / "domain").glob("*.py")
        for name in imported_packages(path)
    }

    assert imported <= DOMAIN_LIBRARIES | set(sys.stdlib_module_names)


def imported_packages(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = [
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    ]
    modules += [
        node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
    ]
    return {module.partition(".")[0] for module in modules}
