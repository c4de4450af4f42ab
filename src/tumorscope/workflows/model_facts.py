"""What a bundle, and the report of its run, tell a reader about the model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tumorscope.domain.card import BundleCard
from tumorscope.domain.errors import DataError
from tumorscope.evaluation.rule_words import (
    describe_calibration,
    describe_referral,
    describe_sets,
    describe_threshold,
    prevalence_note,
    unit_of,
)
from tumorscope.input_gate.words import describe_gate
from tumorscope.io.artifacts import read_json
from tumorscope.io.bundle import WEIGHTS, read_card
from tumorscope.workflows.run_folder import REPORT_JSON
from tumorscope.workflows.serving import bundle_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedShare:
    """Tumor slices among tested slices whose score lay in one range.

    Attributes:
        low: Lower edge of the range of tumor_probability.
        high: Upper edge.
        n_slices: Tested slices in it.
        n_patients: Patients (or groups) that they come from.
        tumor_share: Share of tumor slices among them.
        interval: Of that share, over patients; None where it cannot be assessed.
    """

    low: float
    high: float
    n_slices: int
    n_patients: int
    tumor_share: float
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """A model as its readers see it.

    Attributes:
        card: Of the bundle.
        weights_sha256: SHA-256 of its weights.
        words: Threshold, calibration, sets, referral, gate, data and prevalence, by name.
        observed: Shares of tumor slices by score; empty where no test left them.
        observed_words: What these come from.
    """

    card: BundleCard
    weights_sha256: str
    words: Mapping[str, str]
    observed: tuple[ObservedShare, ...]
    observed_words: str

    def observed_at(self, probability: float) -> ObservedShare | None:
        """Return what was observed at a score; None where no tested slice had one."""
        for one in self.observed:
            last = one.high == 1.0
            if one.low <= probability < one.high or (last and probability == 1.0):
                return one
        return None

    def figure(self, name: str) -> dict[str, Any] | None:
        """Return a measured figure at the bundle's threshold, as its card has it."""
        found = self.card.measured.get("at_tuned", {}).get("metrics", {}).get(name)
        return found if isinstance(found, dict) else None


def read_model_facts(path: Path) -> ModelFacts:
    """Read card and report of a model, without its weights.

    The report counts only if it tells the same figures as the card: it may be of another
    test.

    Args:
        path: A bundle, or a run that holds one.

    Raises:
        BundleError: If the card cannot be used.
        DataError: If a report is there and damaged.
    """
    folder = bundle_of(path)
    card = read_card(folder)
    report = _report_of(folder, card)
    return ModelFacts(
        card=card,
        weights_sha256=card.files[WEIGHTS],
        words=_words(card),
        observed=() if report is None else _observed(report),
        observed_words="" if report is None else _observed_words(report),
    )


def _words(card: BundleCard) -> dict[str, str]:
    unit = unit_of(card)
    counts = card.data.groups
    dealt = ", ".join(
        f"{card.data.slices[part]} slices of {counts[part]} {unit} to {part}"
        for part in counts
        if part in card.data.slices
    )
    return {
        "threshold": describe_threshold(card.threshold, unit),
        "calibration": describe_calibration(card.calibration, unit),
        "conformal": describe_sets(card.conformal, unit),
        "referral": describe_referral(card.referral),
        "input_gate": describe_gate(card.input_gate, unit),
        "training_data": f"source {card.data.source}: {dealt or 'counts not kept'}",
        "prevalence": prevalence_note(card),
    }


def _report_of(folder: Path, card: BundleCard) -> dict[str, Any] | None:
    place = folder.parent / REPORT_JSON
    if not card.measured or not place.is_file():
        return None
    report = read_json(place)
    if not isinstance(report, dict):
        raise DataError(f"{place}: damaged report; run `tumorscope evaluate` again")
    same = all(report.get(name) == found for name, found in _identity(card).items())
    return report if same else None


def _identity(card: BundleCard) -> dict[str, Any]:
    return {
        name: card.measured.get(name) for name in ("n_slices", "testing", "ranking")
    }


def _observed(report: Mapping[str, Any]) -> tuple[ObservedShare, ...]:
    bins = report["reliability"][0]
    bands = {one["name"]: one for one in report.get("reliability_band", ())}
    found = []
    for number, count in enumerate(bins["n_slices"]):
        band = bands.get(f"tumor_share_bin_{number + 1:02d}")
        if not count or band is None or band["value"] is None:
            continue
        ends = (band["low"], band["high"])
        is_known = None not in ends and not any(math.isnan(one) for one in ends)
        found.append(
            ObservedShare(
                low=bins["edges"][number],
                high=bins["edges"][number + 1],
                n_slices=count,
                n_patients=band["n_patients"],
                tumor_share=band["value"],
                interval=ends if is_known else None,
            )
        )
    return tuple(found)


def _observed_words(report: Mapping[str, Any]) -> str:
    return (
        f"share of tumor slices among the slices with such a score in "
        f"{report['testing']} ({report['grouping_words']}; {report['n_slices']} slices, "
        f"{report['n_patients']} {report['unit']}), with its 95 % interval over "
        f"{report['unit']}; other scanners and other patients may differ"
    )
