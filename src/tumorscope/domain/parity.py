"""How the scores of an exported engine compare with those of its bundle."""

from __future__ import annotations

from dataclasses import dataclass

from tumorscope.domain.estimates import MetricSet
from tumorscope.domain.export_spec import Tolerance


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """An engine and torch on the same prepared slices.

    Attributes:
        engine: Name of the engine, e.g. "openvino-int8".
        compared_on: Which slices, in words.
        slices: Number of slices.
        largest_probability_difference: Of a calibrated tumor_probability, in [0, 1].
        p99_probability_difference: 99th percentile over slices, in [0, 1].
        largest_map_difference: Of a cell of the class map, in logits.
        lowest_map_correlation: Spearman's rank correlation of the two maps of a slice,
            the lowest of all slices; NaN where no slice has two maps that vary.
        threshold_probability: Operating threshold of the bundle.
        changed_decisions: Slices on the other side of the threshold.
        reference_auroc: AUROC of torch's scores; NaN without both labels.
        engine_auroc: AUROC of the engine's scores; NaN without both labels.
        figures: Share of changed decisions (`decision_change`), AUROC of the engine minus
            that of torch (`auroc_change`) and mean rank correlation of the maps
            (`map_correlation`), with intervals over patients.
        tolerance: What was allowed.
        breaches: What is beyond it, in words; empty where nothing is.
        waiver: Why it is kept nevertheless; empty where nobody said so.
    """

    engine: str
    compared_on: str
    slices: int
    largest_probability_difference: float
    p99_probability_difference: float
    largest_map_difference: float
    lowest_map_correlation: float
    threshold_probability: float
    changed_decisions: int
    reference_auroc: float
    engine_auroc: float
    figures: MetricSet
    tolerance: Tolerance
    breaches: tuple[str, ...]
    waiver: str = ""

    @property
    def is_accepted(self) -> bool:
        """Whether the engine may be used: within tolerance, or waived with a reason."""
        return not self.breaches or bool(self.waiver)

    def as_words(self) -> str:
        """Return the comparison in a sentence."""
        return (
            f"{self.engine} against torch on {self.compared_on}, {self.slices} slices: "
            f"tumor_probability differs by {self.largest_probability_difference:.2g} at "
            f"most (99th percentile {self.p99_probability_difference:.2g}), "
            f"{self.changed_decisions} decisions change"
        )
