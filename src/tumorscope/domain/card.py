"""The card of a bundle: everything that serving needs to know beside the weights."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from tumorscope.domain.audit_summary import AuditSummary
from tumorscope.domain.calibration import (
    ConformalSets,
    LogitCalibration,
    OperatingTarget,
    Probability,
    ReferralRule,
)
from tumorscope.domain.gate_spec import GateRules
from tumorscope.domain.grouping import Grouping
from tumorscope.domain.preprocess_spec import PreprocessSpec
from tumorscope.domain.spec import OpenShare, Spec
from tumorscope.domain.train_spec import TrainSpec

CARD_FORMAT = 3
"""Raised when an older reader could misread a newer bundle."""
RESEARCH_USE = "Research use only. Not a medical device."


class OperatingThreshold(Spec):
    """The probability above which a slice is called positive, and how it was chosen."""

    threshold_probability: Probability
    """A slice is positive when its tumor_probability is greater than this."""
    target_specificity: OpenShare | None = None
    """Specificity on the tuning part that the threshold was fixed for, if any."""
    target_sensitivity: OpenShare | None = None
    """Sensitivity on the tuning part that the threshold was fixed for, if any."""
    carry_over_confidence: Annotated[float, Field(ge=0.5, lt=1)] = 0.5
    """Confidence over patients of the margin on the threshold; 0.5 is no margin."""
    left_out_rate: Probability | None = None
    """That rate when each tuning patient is judged by a threshold fixed on the others,
    pooled over slices; None with fewer than three patients, or where it was not stored."""
    tune_slices: Annotated[int, Field(ge=1)]
    """Tuning slices of the class that the target counts; they fixed the threshold."""
    tune_patients: Annotated[int, Field(ge=1)]
    """Patients (or groups) that these slices come from."""

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.target_specificity is None) == (self.target_sensitivity is None):
            raise ValueError(
                "a threshold is fixed for either target_specificity or "
                "target_sensitivity"
            )
        return self

    @property
    def target(self) -> OperatingTarget:
        """What the threshold was fixed for."""
        if self.target_specificity is not None:
            return OperatingTarget(rate="specificity", value=self.target_specificity)
        return OperatingTarget.model_validate(
            {"rate": "sensitivity", "value": self.target_sensitivity}
        )


class TrainingDataFingerprint(Spec):
    """Which data a model saw, without telling who they are."""

    source: str
    """Importer and data set."""
    manifest_digest: str
    """SHA-256 of the manifest."""
    split_digest: str
    """SHA-256 of the split."""
    fold: str
    """Fold of the split."""
    grouping: Grouping
    """What was kept on one side."""
    slices: dict[str, int]
    """Slices in each part."""
    groups: dict[str, int]
    """Patients, or the groups that stand for them, in each part."""
    prevalence: dict[str, float]
    """Share of tumor slices in each part."""
    seen_pixel_digests: tuple[str, ...]
    """First 16 digits of each training and tuning slice's pixel digest, sorted: lets
    `evaluate` refuse slices that the model has seen."""
    seen_owner_digests: tuple[str, ...]
    """First 16 digits of SHA-256 of each training and tuning patient id (or group),
    sorted: lets `evaluate` refuse patients that the model has seen."""
    notes: tuple[str, ...] = ()
    """Limits that the importer knows of."""


class BundleCard(Spec):
    """What stands in `card.json`."""

    format: int = CARD_FORMAT
    """Version of this layout."""
    name: str
    """Name of the run."""
    tumorscope_version: str
    """Version that wrote the bundle."""
    created: str
    """ISO 8601 time with zone."""
    architecture: Literal["resnet50-2class"] = "resnet50-2class"
    """Network that the weights belong to."""
    classes: tuple[str, str] = ("no_tumor", "tumor")
    """Outputs of the network, in order."""
    sequences: tuple[str, ...]
    """What the three channels show; empty where the source does not tell."""
    single_sequence_repeated: bool
    """Whether the training images were grey, one sequence repeated in all channels."""
    preprocess: PreprocessSpec
    """Preprocessing that belongs to these weights."""
    threshold: OperatingThreshold
    """Operating threshold, fixed on the tuning part."""
    calibration: LogitCalibration = LogitCalibration()
    """From logit to tumor_probability, fitted on the tuning part."""
    conformal: ConformalSets = ConformalSets()
    """Sets of possible labels, fixed on the tuning part."""
    referral: ReferralRule = ReferralRule()
    """When a slice is referred to a reader, fixed on the tuning part."""
    input_gate: GateRules | None = None
    """What is flagged or refused before it is scored; None without a gate."""
    train: TrainSpec
    """Recipe."""
    first_weights: str
    """What training started from."""
    epochs_done: int
    """Epochs trained."""
    best_epoch: int
    """Epoch whose weights these are: the highest tuning AUROC."""
    tune_auroc: float
    """AUROC on the tuning part at that epoch; it chose the epoch, so it is optimistic."""
    data: TrainingDataFingerprint
    """Training data."""
    audit: AuditSummary | None = None
    """What `tumorscope audit` found in the training data; None where it was not audited."""
    environment: dict[str, str]
    """Versions of the libraries, precision and device of the training."""
    measured: dict[str, Any] = Field(default_factory=dict)
    """Figures of `evaluate`, with intervals and n; empty until it ran."""
    intended_use: str = (
        "Scores single MRI slices of the head for signs of a brain tumor, for research "
        "on data like the training data. It does not diagnose and must not guide care."
    )
    """What the model is for, and what not."""
    notice: str = RESEARCH_USE
    """Stands on every output."""
    files: dict[str, str]
    """SHA-256 of each other file of the bundle."""
