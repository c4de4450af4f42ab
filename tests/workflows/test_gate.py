"""Tests of the gate in a run: it is fitted, opened, told and measured."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tumorscope.domain.errors import BundleError
from tumorscope.io.bundle import GATE, read_bundle, read_card, sha256, update_card
from tumorscope.io.images import write_png
from tumorscope.workflows.gate import open_gate
from tumorscope.workflows.predict import predict

pytestmark = pytest.mark.xdist_group("trained-run")


def test_a_trained_bundle_holds_its_gate(trained):
    """Rules on the card, arrays beside it, both from training and tuning slices."""
    bundle = read_bundle(trained / "bundle")

    gate = open_gate(bundle)

    assert gate.rules.sequences == 3
    assert (gate.rules.train_slices, gate.rules.train_patients) == (36, 6)
    assert (gate.rules.tune_slices, gate.rules.tune_patients) == (24, 4)
    assert gate.rules.refuse_distance is None
    assert (trained / "bundle" / GATE).stat().st_size < 1_000_000


def test_a_photo_is_refused_with_its_reason(trained, tmp_path):
    """Table and JSON tell why there is no score."""
    noise = np.random.default_rng(0).integers(60, 255, (128, 128, 3)).astype(np.uint8)
    write_png(tmp_path / "photo.png", noise)

    found = predict(trained, [tmp_path])

    (entry,) = found.slices
    assert entry.tumor_probability is None
    assert entry.input_check == "refuse"
    assert "no dark background" in entry.refused
    assert "refused: input gate: " in found.as_table()
    (told,) = found.as_dict()["slices"]
    assert "no dark background" in " ".join(told["input_reasons"])


def test_a_flagged_slice_keeps_its_score(trained, cohort, tmp_path):
    """One sequence in all channels is scored under a warning."""
    from_cohort = cohort / "P0001" / "P0001_3.png"
    whole = predict(trained, [from_cohort]).slices[0]
    assert whole.input_check in {"accept", "flag"}
    head = np.pad(np.full((80, 60), 150, np.uint8), ((24, 24), (34, 34)))
    write_png(tmp_path / "grey.png", head)

    found = predict(trained, [tmp_path / "grey.png"])

    assert found.slices[0].input_check == "flag"
    assert 0 <= found.slices[0].tumor_probability <= 1
    assert "input flagged: one sequence in all channels" in found.as_table()


def test_an_old_bundle_scores_and_says_that_it_has_no_gate(trained, own, cohort):
    """Without a gate nothing is checked, and the notes do not hide it."""
    run = own(trained)
    card = read_card(run / "bundle")
    files = {name: one for name, one in card.files.items() if name != GATE}
    update_card(
        run / "bundle", card.model_copy(update={"input_gate": None, "files": files})
    )

    found = predict(run, [cohort / "P0001" / "P0001_3.png"])

    assert found.slices[0].input_check is None
    assert found.slices[0].tumor_probability is not None
    assert any("no input gate in this bundle" in one for one in found.notes)


def test_foreign_arrays_are_a_bundle_error(trained, own):
    """A gate of another version is refused before it judges anything."""
    run = own(trained)
    weights = (run / "bundle" / "weights.safetensors").read_bytes()
    (run / "bundle" / GATE).unlink()
    (run / "bundle" / GATE).write_bytes(weights)
    card = read_card(run / "bundle")
    files = card.files | {GATE: sha256(weights)}
    update_card(run / "bundle", card.model_copy(update={"files": files}))

    with pytest.raises(BundleError, match="input gate's arrays"):
        open_gate(read_bundle(run / "bundle"))


def test_the_report_counts_stopped_test_slices(evaluated):
    """JSON and page tell how many of all test slices were flagged or refused."""
    content = json.loads((evaluated / "report.json").read_text())["input_checks"]
    page = (evaluated / "report.html").read_text()

    rates = content["rates"]
    assert rates["flagged"]["n_slices"] == 24
    stopped = round(24 * (rates["flagged"]["value"] + rates["refused"]["value"]))
    assert len(content["stopped"]) == stopped
    assert "Input checks" in page
