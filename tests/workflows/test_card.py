"""Run -> model card and checklists."""

from __future__ import annotations

import json

import pytest

from tumorscope.domain.errors import BundleError, ConfigError, DataError
from tumorscope.workflows.card import write_card

FILES = {"model_card.md", "model_card.html", "claim_2024.md", "tripod_ai.md"}


@pytest.mark.slow
def test_card_of_an_evaluated_run_is_written_beside_it(evaluated, tmp_path):
    """Four files appear in the other folder, the run stays as it is."""
    before = {path.name for path in evaluated.iterdir()}

    written = write_card(evaluated, out=tmp_path / "card")

    assert {path.name for path in (tmp_path / "card").iterdir()} == FILES
    assert {path.name for path in evaluated.iterdir()} == before
    text = written.markdown.read_text()
    auroc = json.loads((evaluated / "report.json").read_text())["ranking"]["auroc"]
    assert f"| AUROC | {auroc['value']:.2f}" in text
    assert "**Synthetic scans.**" in text
    assert "Not measured: run `tumorscope fairness RUN`" not in text.split("## Data")[0]


@pytest.mark.slow
def test_stated_facts_reach_the_card_and_unknown_ones_are_refused(evaluated, tmp_path):
    """A fact is shown; a misspelled one names the file and the known keys."""
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text('contact = "a@example.org"\n')
    bad.write_text('contakt = "a@example.org"\n')

    written = write_card(evaluated, out=tmp_path / "card", facts=good)

    assert "| contact | a@example.org |" in written.markdown.read_text()
    with pytest.raises(ConfigError, match="contakt"):
        write_card(evaluated, out=tmp_path / "card", facts=bad)


@pytest.mark.slow
def test_file_of_other_data_is_refused(evaluated, own, tmp_path):
    """Figures of another manifest never reach a card."""
    run = own(evaluated)
    (run / "fairness.json").write_text('{"manifest_digest": "other"}')

    with pytest.raises(DataError, match="another manifest"):
        write_card(run, out=tmp_path / "card")


@pytest.mark.slow
def test_run_without_a_model_is_refused(prepared, tmp_path):
    """A model card needs a model."""
    with pytest.raises(BundleError, match="not a bundle"):
        write_card(prepared, out=tmp_path / "card")


@pytest.mark.slow
def test_file_as_target_is_refused(evaluated, tmp_path):
    """A file is never turned into a folder."""
    (tmp_path / "card").write_text("")

    with pytest.raises(ConfigError, match="is a file"):
        write_card(evaluated, out=tmp_path / "card")
