"""Everything that a model card is filled from, read and checked elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tumorscope.domain.audit_summary import AuditSummary
from tumorscope.domain.card import BundleCard
from tumorscope.domain.errors import DataError
from tumorscope.domain.run_record import RunRecord, StageRecord
from tumorscope.model_card.cohort import CardCohort
from tumorscope.model_card.facts import CardFacts
from tumorscope.model_card.figures import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSource:
    """What a run knows of itself; what was not measured is None or empty.

    Attributes:
        record: `run.json`.
        cards: The card of each fold's bundle, in the order of the folds.
        cohort: Who is in the run.
        facts: What the user stated.
        audit: What the audit of the data found.
        report: `report.json`, internal testing.
        externals: `report.json` of external testing, by the name of its folder.
        fairness: `fairness.json`.
        robustness: `robustness.json`.
        explanations: Each JSON file of `explanations/`, by its name without the ending.
        protocols: Each `protocol.json`, by the name of the protocol.

    Raises:
        DataError: If there is no card.
    """

    record: RunRecord
    cards: tuple[BundleCard, ...]
    cohort: CardCohort
    facts: CardFacts = field(default_factory=CardFacts)
    audit: AuditSummary | None = None
    report: JsonObject | None = None
    externals: Mapping[str, JsonObject] = field(default_factory=dict)
    fairness: JsonObject | None = None
    robustness: JsonObject | None = None
    explanations: Mapping[str, JsonObject] = field(default_factory=dict)
    protocols: Mapping[str, JsonObject] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a card of no model."""
        if not self.cards:
            raise DataError(
                "a model card needs a trained model: `tumorscope train RUN`"
            )

    @property
    def card(self) -> BundleCard:
        """The first fold's card: its recipe and settings are those of all."""
        return self.cards[0]

    @property
    def is_phantom(self) -> bool:
        """Whether the scans are synthetic."""
        return self.record.importer.startswith("phantom")

    @property
    def unit(self) -> str:
        """What the report counts as n beside slices."""
        return str(self.report["unit"]) if self.report else self.cohort.unit

    def last_stage(self, name: str) -> StageRecord | None:
        """Return the last time that a stage was run, or None."""
        found = [stage for stage in self.record.stages if stage.stage == name]
        return found[-1] if found else None

    def is_older_than_model(self, stage: str) -> bool:
        """Whether a stage was last run before the model was trained again."""
        names = [each.stage for each in self.record.stages]
        if stage not in names or "train" not in names:
            return False
        return names[::-1].index(stage) > names[::-1].index("train")
