"""The settings of every stage, gathered in one `RunSpec`.

Each field's docstring gives its unit and range. `RunSpec` is what a TOML file and
`--set section.key=value` fill, and what `run.json` records.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tumorscope.domain.audit_spec import AuditSpec
from tumorscope.domain.calibration import OperatingTarget, ReferWhen
from tumorscope.domain.fairness_spec import FairnessSpec
from tumorscope.domain.gate_spec import GateSpec
from tumorscope.domain.preprocess_spec import PreprocessSpec
from tumorscope.domain.pseudo_patient_spec import PseudoPatientSpec
from tumorscope.domain.spec import OpenShare, Share, Spec
from tumorscope.domain.train_spec import AugmentSpec, OptimizerSpec, TrainSpec

__all__ = [
    "AugmentSpec",
    "CalibrateSpec",
    "DuplicateSpec",
    "EvaluateSpec",
    "ExplainSpec",
    "OpenShare",
    "OptimizerSpec",
    "PreprocessSpec",
    "RunSpec",
    "Share",
    "SplitSpec",
    "TrainSpec",
]


class DuplicateSpec(Spec):
    """How near-duplicates are found where no patient id exists."""

    max_hash_distance: Annotated[int, Field(ge=0, le=16)] = 3
    """Largest Hamming distance of two 64-bit difference hashes, in bits."""
    min_correlation: Share = 0.98
    """Smallest Pearson correlation of two 48x48 grey thumbnails."""


class SplitSpec(Spec):
    """How patients are dealt to the parts."""

    test_share: OpenShare = 0.15
    """Share of the slices that the test part aims at, in (0, 1)."""
    tune_share: OpenShare = 0.15
    """Share of the slices that the tuning part aims at, in (0, 1)."""
    folds: Annotated[int, Field(ge=0, le=50)] = 0
    """0: one split. K >= 2: grouped, stratified cross-validation with K folds."""
    leave_out: Literal["", "site"] = ""
    """`site`: one fold for each site, which is its test part."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the dealing."""

    @model_validator(mode="after")
    def _one_scheme(self) -> Self:
        if self.folds == 1:
            raise ValueError("folds: 0 for one split, or at least 2")
        if self.folds and self.leave_out:
            raise ValueError("folds and leave_out exclude each other: choose one")
        if self.test_share + self.tune_share >= 1:
            raise ValueError("test_share + tune_share must leave patients to train on")
        return self


class CalibrateSpec(Spec):
    """How logits become probabilities and decisions, all fixed on the tuning part."""

    method: Literal["none", "temperature", "platt"] = "temperature"
    """Line from logit to calibrated logit: its slope, or slope and intercept."""
    target_specificity: OpenShare | None = None
    """Specificity on the tuning part that the threshold is fixed for; with neither this
    nor `target_sensitivity`, `evaluate.target_specificity` is."""
    target_sensitivity: OpenShare | None = None
    """Sensitivity on the tuning part that the threshold is fixed for instead."""
    carry_over_confidence: Annotated[float, Field(ge=0.5, lt=1)] = 0.5
    """Confidence over patients that the target carries over to new ones: 0.5 adds no
    margin to the threshold, 0.9 a cautious one."""
    conformal_levels: tuple[OpenShare, ...] = (0.9, 0.95)
    """Levels of the sets of possible labels; 0.95 needs 19 tuning patients per label."""
    target_coverage: Annotated[float, Field(gt=0, le=1)] = 0.9
    """Share of the tuning slices whose confidence is enough for a decision."""
    refer_when: ReferWhen = "either"
    """What refers a slice to a reader: its `set`, its `confidence`, `either`, `never`."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the draws behind `carry_over_confidence`."""

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if self.target_specificity is not None and self.target_sensitivity is not None:
            raise ValueError(
                "target_specificity and target_sensitivity exclude each other: choose one"
            )
        return self


class EvaluateSpec(Spec):
    """How predictions are judged."""

    bootstrap_draws: Annotated[int, Field(ge=100, le=100_000)] = 2000
    """Draws of the bootstrap over patients."""
    level: OpenShare = 0.95
    """Confidence level of the intervals."""
    target_specificity: OpenShare = 0.95
    """Specificity on the tuning part at which the threshold is fixed."""
    gallery_size: Annotated[int, Field(ge=0, le=200)] = 12
    """Worst errors of each kind that the report shows."""
    baselines: bool = False
    """Adds the simple methods (position, intensity, hand features) on the same split."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the bootstrap."""


class ExplainSpec(Spec):
    """Which attributions are made, and for how many slices."""

    methods: tuple[
        Literal["cam", "grad_cam", "integrated_gradients", "occlusion"], ...
    ] = ("cam", "grad_cam", "integrated_gradients", "occlusion")
    """Attribution methods, in the order of the report."""
    overlays: Annotated[int, Field(ge=0, le=1000)] = 12
    """Slices of which an overlay picture is drawn."""
    integrated_gradients_steps: Annotated[int, Field(ge=2, le=500)] = 16
    """Steps of the path integral."""
    occlusion_window_px: Annotated[int, Field(ge=4)] = 32
    """Side of the occluding square, in pixels of the network's input."""
    occlusion_stride_px: Annotated[int, Field(ge=1)] = 16
    """Step of the occluding square, in pixels."""
    tumor_free_slices: Annotated[int, Field(ge=0)] = 40
    """Tumor-free test slices on which the highlighted area is measured, spread over the
    patients; 0 measures none."""
    check_slices: Annotated[int, Field(ge=0)] = 24
    """Tumor test slices of which maps are made again with re-initialized weights, with
    noise and, if named, by a second run, spread over the patients; 0 checks none."""
    randomizations: Annotated[int, Field(ge=2, le=20)] = 2
    """Networks with re-initialized weights that maps are compared with."""
    noise_share: Annotated[float, Field(gt=0, le=0.5)] = 0.02
    """Standard deviation of the small noise, as a share of the range of intensities."""
    deletion_slices: Annotated[int, Field(ge=0)] = 16
    """Tumor test slices whose pixels are deleted and inserted in each map's order, spread
    over the patients; 0 leaves it out. The costliest part: about 500 passes a slice."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Of the choice of slices, the noise, the random orders and the new weights."""


class RunSpec(Spec):
    """Everything that a run was asked to do."""

    duplicates: DuplicateSpec = DuplicateSpec()
    """How near-duplicates are found."""
    pseudo_patients: PseudoPatientSpec = PseudoPatientSpec()
    """How slices of one head are linked where no patient id exists."""
    split: SplitSpec = SplitSpec()
    """How patients are dealt to the parts."""
    audit: AuditSpec = AuditSpec()
    """How the cohort is audited."""
    preprocess: PreprocessSpec = PreprocessSpec()
    """From decoded pixels to what the network sees."""
    train: TrainSpec = TrainSpec()
    """One training run."""
    calibrate: CalibrateSpec = CalibrateSpec()
    """How logits become probabilities and decisions."""
    gate: GateSpec = GateSpec()
    """How the input gate is fitted."""
    evaluate: EvaluateSpec = EvaluateSpec()
    """How predictions are judged."""
    explain: ExplainSpec = ExplainSpec()
    """Which attributions are made."""
    fairness: FairnessSpec = FairnessSpec()
    """Which groups of patients are compared, and by which rules."""

    @property
    def operating_target(self) -> OperatingTarget:
        """What the operating threshold is fixed for."""
        chosen = self.calibrate
        if chosen.target_sensitivity is not None:
            return OperatingTarget(rate="sensitivity", value=chosen.target_sensitivity)
        if chosen.target_specificity is not None:
            return OperatingTarget(rate="specificity", value=chosen.target_specificity)
        return OperatingTarget(
            rate="specificity", value=self.evaluate.target_specificity
        )

    @model_validator(mode="after")
    def _one_operating_target(self) -> Self:
        default = EvaluateSpec.model_fields["target_specificity"].default
        if self.evaluate.target_specificity not in {
            default,
            self.operating_target.value,
        }:
            raise ValueError(
                "evaluate.target_specificity and a target of the section calibrate "
                "exclude each other: give the operating point once"
            )
        return self
