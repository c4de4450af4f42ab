"""The benchmark of probes and canary runs on a small phantom."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.exhaustive
def test_the_benchmark_finds_a_planted_border(
    repository: Path, monkeypatch, tmp_path: Path, capsys
):
    """Ten patients with a frame around tumor slices fail the border and not the file."""
    monkeypatch.syspath_prepend(str(repository / "benchmarks"))
    out = tmp_path / "shortcuts.json"
    small = ["--cohorts", "border", "--patients", "10", "--slices", "4"]

    status = importlib.import_module("shortcuts").main(
        [*small, "--null", "1", "--out", str(out)]
    )

    written = json.loads(out.read_text(encoding="utf-8"))
    figures = {each["name"]: each for each in written["figures"]}
    failed = written["details"]["gates that failed"]["border"]
    assert status == 0
    assert "shortcut-border" in failed
    assert "shortcut-file" not in failed
    assert figures["border: AUROC of border for the label"]["value"] > 0.95
    assert figures["border: false alarms"]["value"] in (0.0, 1.0)
    assert "border: canary accuracy under the split in use" in figures
    assert "border: shortcut-border" in capsys.readouterr().out
