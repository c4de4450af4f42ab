"""A bundle: card and weights, never a pickle."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tumorscope.domain.card import (
    CARD_FORMAT,
    RESEARCH_USE,
    BundleCard,
    OperatingThreshold,
    TrainingDataFingerprint,
)
from tumorscope.domain.errors import BundleError
from tumorscope.domain.gate_spec import GateRules
from tumorscope.domain.specs import PreprocessSpec, TrainSpec
from tumorscope.io.bundle import (
    CARD,
    GATE,
    WEIGHTS,
    read_bundle,
    read_card,
    sha256,
    update_card,
    weights_bytes,
    write_bundle,
)


def _weights(seed: int = 0) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {
        "fc.weight": generator.normal(size=(2, 5)).astype(np.float32),
        "bn1.num_batches_tracked": np.array(7, dtype=np.int64),
    }


def _card(weights: bytes, **changes) -> BundleCard:
    values = {
        "name": "run",
        "tumorscope_version": "0.1.0",
        "created": "2026-01-01T00:00:00+00:00",
        "sequences": ("t1", "flair", "t1c"),
        "single_sequence_repeated": False,
        "preprocess": PreprocessSpec(size_px=64),
        "threshold": OperatingThreshold(
            threshold_probability=0.4,
            target_specificity=0.95,
            tune_slices=20,
            tune_patients=4,
        ),
        "train": TrainSpec(recipe="strong"),
        "first_weights": "random initialization",
        "epochs_done": 3,
        "best_epoch": 2,
        "tune_auroc": 0.8,
        "data": TrainingDataFingerprint(
            source="test",
            manifest_digest="0" * 64,
            split_digest="1" * 64,
            fold="holdout",
            grouping="patient",
            slices={"train": 10},
            groups={"train": 2},
            prevalence={"train": 0.5},
            seen_pixel_digests=("ab",),
            seen_owner_digests=("cd",),
        ),
        "environment": {"torch": "2"},
        "files": {WEIGHTS: sha256(weights)},
    }
    return BundleCard(**(values | changes))


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Return the folder of a whole bundle."""
    content = weights_bytes(_weights())
    write_bundle(tmp_path / "bundle", _card(content), content)
    return tmp_path / "bundle"


def test_bundle_comes_back_as_it_was_written(bundle):
    """Card and weights are the same after a round trip, to the bit."""
    read = read_bundle(bundle)

    assert read.card == _card(weights_bytes(_weights()))
    assert read.card.train.optimizer.schedule == "cosine"
    assert set(read.weights) == set(_weights())
    for name, value in _weights().items():
        np.testing.assert_array_equal(read.weights[name], value)
        assert read.weights[name].dtype == value.dtype


def test_folder_holds_two_files_and_no_pickle(bundle):
    """Nothing in a bundle can run code, and nothing half-written stays behind."""
    assert sorted(path.name for path in bundle.iterdir()) == [CARD, WEIGHTS]
    assert [path.name for path in bundle.parent.iterdir()] == ["bundle"]
    assert not (bundle / WEIGHTS).read_bytes().startswith((b"PK", b"\x80"))


def test_equal_weights_give_equal_bytes():
    """The digest does not depend on the order in which a state dict was built."""
    weights = _weights()

    assert weights_bytes(weights) == weights_bytes(dict(reversed(weights.items())))


def test_card_says_that_it_is_for_research(bundle):
    """The notice and the intended use travel with the weights."""
    card = json.loads((bundle / CARD).read_text())

    assert card["notice"] == RESEARCH_USE
    assert "must not guide care" in card["intended_use"]


def test_a_card_of_format_1_is_upgraded(bundle):
    """Old bundles stay usable: scores are not calibrated, and nothing is referred."""
    content = json.loads((bundle / CARD).read_text())
    for later in ("calibration", "conformal", "referral"):
        del content[later]
    for later in ("target_sensitivity", "carry_over_confidence", "left_out_rate"):
        del content["threshold"][later]
    (bundle / CARD).write_text(json.dumps(content | {"format": 1}))

    card = read_bundle(bundle).card

    assert card == _card(weights_bytes(_weights()))
    assert card.format == CARD_FORMAT
    assert card.calibration.method == "none"
    assert card.referral.refer_when == "never"
    assert card.conformal.deciding is None


def test_a_card_of_format_2_has_no_gate(bundle):
    """Bundles from before the input gate stay usable, and their card says None."""
    content = json.loads((bundle / CARD).read_text())
    del content["input_gate"]
    (bundle / CARD).write_text(json.dumps(content | {"format": 2}))

    read = read_bundle(bundle)

    assert read.card == _card(weights_bytes(_weights()))
    assert read.card.input_gate is None
    assert read.gate is None


def _with_gate(folder: Path) -> Path:
    content, arrays = weights_bytes(_weights()), weights_bytes(_weights(seed=3))
    rules = GateRules(
        sequences=1,
        flag_distance=1.5,
        refuse_distance=None,
        flag_share=0.01,
        train_slices=10,
        train_patients=2,
        tune_slices=10,
        tune_patients=2,
    )
    files = {WEIGHTS: sha256(content), GATE: sha256(arrays)}
    card = _card(content, input_gate=rules, files=files)
    write_bundle(folder, card, content, gate=arrays)
    return folder


def test_the_gate_comes_back(tmp_path):
    """Rules and arrays are the same after a round trip."""
    read = read_bundle(_with_gate(tmp_path / "bundle"))

    assert read.card.input_gate.flag_distance == 1.5
    np.testing.assert_array_equal(read.gate["fc.weight"], _weights(seed=3)["fc.weight"])


def test_a_gate_that_was_exchanged_or_removed_is_refused(tmp_path):
    """A damaged gate never opens in silence, and a card without its file is no card."""
    bundle = _with_gate(tmp_path / "bundle")
    (bundle / GATE).write_bytes(weights_bytes(_weights(seed=4)))
    with pytest.raises(BundleError, match="damaged or exchanged"):
        read_bundle(bundle)

    content = json.loads((bundle / CARD).read_text())
    (bundle / CARD).write_text(json.dumps(content | {"input_gate": None}))
    with pytest.raises(BundleError, match="do not go together"):
        read_bundle(bundle)


def test_a_threshold_has_one_target(bundle):
    """Both rates, or none, is no operating point."""
    content = json.loads((bundle / CARD).read_text())
    content["threshold"]["target_sensitivity"] = 0.9
    (bundle / CARD).write_text(json.dumps(content))

    with pytest.raises(BundleError, match="either target_specificity or"):
        read_bundle(bundle)


def test_damaged_weights_are_named(bundle):
    """One flipped byte is found by the digest."""
    content = bytearray((bundle / WEIGHTS).read_bytes())
    content[-1] ^= 1
    (bundle / WEIGHTS).write_bytes(content)

    with pytest.raises(BundleError, match="damaged or exchanged: its SHA-256"):
        read_bundle(bundle)


def test_truncated_weights_are_named(bundle):
    """A copy that was cut short is no bundle."""
    content = (bundle / WEIGHTS).read_bytes()
    (bundle / WEIGHTS).write_bytes(content[:20])

    with pytest.raises(BundleError, match="damaged or exchanged"):
        read_bundle(bundle)


def test_exchanged_card_is_refused(bundle):
    """The card of another model does not open these weights."""
    update_card(bundle, _card(weights_bytes(_weights(seed=1))))

    with pytest.raises(BundleError, match="damaged or exchanged"):
        read_bundle(bundle)


def test_missing_weights_are_named(bundle):
    """The error says which file is missing."""
    (bundle / WEIGHTS).unlink()

    with pytest.raises(BundleError, match=f"the file {WEIGHTS} is missing"):
        read_bundle(bundle)


@pytest.mark.parametrize("content", [b"", b"no safetensors at all", b"\x80\x04."])
def test_foreign_weights_with_a_fitting_digest_are_unreadable(tmp_path, content):
    """A digest proves the copy, not the format: another format is refused too."""
    write_bundle(tmp_path / "bundle", _card(content), content)

    with pytest.raises(BundleError, match="unreadable"):
        read_bundle(tmp_path / "bundle")


def test_folder_without_card_is_no_bundle(tmp_path):
    """The error says where a trained run keeps its bundle."""
    with pytest.raises(BundleError, match=r"not a bundle .no card\.json.*RUN/bundle"):
        read_bundle(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "damaged card"),
        ('{"format": 1', "damaged card"),
        ("\udcff", "damaged card"),
        ("[1, 2]", "not a Tumorscope card"),
        ('{"model": "resnet"}', "not a Tumorscope card"),
        ('{"format": "1"}', "not a Tumorscope card"),
        ('{"format": 0}', "not a Tumorscope card"),
        (f'{{"format": {CARD_FORMAT + 1}}}', "newer than this version .*update"),
        ('{"format": 1, "name": "x"}', "damaged or foreign card"),
    ],
)
def test_card_that_is_none_is_told_apart(bundle, text, message):
    """Damaged, foreign and newer cards each have a message of their own."""
    (bundle / CARD).write_bytes(text.encode(errors="surrogateescape"))

    with pytest.raises(BundleError, match=message):
        read_card(bundle)


@pytest.mark.parametrize("change", [{"extra": 1}, {"classes": ["a"]}, {"files": {}}])
def test_card_with_other_keys_is_refused(bundle, change):
    """An unknown key, an impossible value or a card without weights is no card."""
    values = json.loads((bundle / CARD).read_text())
    (bundle / CARD).write_text(json.dumps(values | change))

    with pytest.raises(BundleError, match="card"):
        read_card(bundle)


def test_card_of_other_weights_cannot_be_written(tmp_path):
    """A bundle that its own check would refuse is never made."""
    card = _card(weights_bytes(_weights(seed=1)))

    with pytest.raises(BundleError, match="does not belong to these weights"):
        write_bundle(tmp_path / "bundle", card, weights_bytes(_weights()))

    assert list(tmp_path.iterdir()) == []


def test_bundle_replaces_an_older_one(bundle):
    """Training again leaves the new bundle, and nothing of the old one."""
    (bundle / "notes.txt").write_text("old")
    content = weights_bytes(_weights(seed=2))

    write_bundle(bundle, _card(content, name="again"), content)

    assert read_bundle(bundle).card.name == "again"
    assert sorted(path.name for path in bundle.iterdir()) == [CARD, WEIGHTS]


def test_card_can_take_up_measured_figures(bundle):
    """`evaluate` adds its figures; the weights stay untouched."""
    before = (bundle / WEIGHTS).read_bytes()
    card = read_card(bundle)

    update_card(bundle, card.model_copy(update={"measured": {"auroc": 0.9}}))

    assert read_bundle(bundle).card.measured == {"auroc": 0.9}
    assert (bundle / WEIGHTS).read_bytes() == before
