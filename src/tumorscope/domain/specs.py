"""The settings of every stage, gathered in one `RunSpec`.

Each field's docstring gives its unit and range. `RunSpec` is what a TOML file and
`--set section.key=value` fill, and what `run.json` records.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tumorscope.domain.audit_spec import AuditSpec
from tumorscope.domain.calibration import OperatingTarget, ReferWhen
from tumorscope.domain.errors import ConfigError
from tumorscope.domain.fairness_spec import FairnessSpec
from tumorscope.domain.gate_spec import GateSpec
from tumorscope.domain.group_columns import parse_training_groups
from tumorscope.domain.pseudo_patient_spec import PseudoPatientSpec
from tumorscope.domain.recipes import with_recipe
from tumorscope.domain.spec import Spec

Share = Annotated[float, Field(ge=0.0, le=1.0)]
OpenShare = Annotated[float, Field(gt=0.0, lt=1.0)]


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


class PreprocessSpec(Spec):
    """From decoded pixels to what the network sees; the same in training and serving."""

    size_px: Annotated[int, Field(ge=32, le=1024, multiple_of=32)] = 128
    """Height and width of the network's input, in pixels."""
    low_percentile: Annotated[float, Field(ge=0, lt=100)] = 1.0
    """Foreground percentile that is mapped to 0, in [0, 100)."""
    high_percentile: Annotated[float, Field(gt=0, le=100)] = 99.5
    """Foreground percentile that is mapped to 1, in (low_percentile, 100]."""
    foreground_share: OpenShare = 0.08
    """A pixel is foreground above this share of the image's 99.5th percentile."""
    margin_share: Annotated[float, Field(ge=0, le=0.5)] = 0.03
    """Margin left around the foreground, as a share of its longer side."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low_percentile >= self.high_percentile:
            raise ValueError("low_percentile must be below high_percentile")
        return self


class AugmentSpec(Spec):
    """Random changes of a training batch; zero switches one off."""

    rotation_degrees: Annotated[float, Field(ge=0, le=180)] = 0.0
    """Largest rotation to either side, in degrees."""
    shift_share: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    """Largest shift to either side, as a share of the image's side."""
    zoom_share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Largest change of size, as a share: 0.1 is 0.9 to 1.1 times."""
    shear_degrees: Annotated[float, Field(ge=0, le=45)] = 0.0
    """Largest shear to either side, in degrees."""
    flip_left_right: Share = 0.0
    """Probability of mirroring left and right."""
    flip_up_down: Share = 0.0
    """Probability of mirroring top and bottom."""
    bias_field: Annotated[float, Field(ge=0, le=2)] = 0.0
    """Largest absolute log gain of a smooth cubic bias field."""
    gamma: Annotated[float, Field(ge=0, le=2)] = 0.0
    """Largest absolute log exponent of a gamma change."""
    contrast: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Largest change of gain, as a share, drawn for each sequence."""
    noise: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Largest standard deviation of Rician-like noise, in units of the input range."""
    blur: Share = 0.0
    """Probability of a loss of resolution by half."""
    drop_sequence: Share = 0.0
    """Probability that one sequence is replaced by another one of the slice."""
    erase: Share = 0.0
    """Probability that one rectangle is blanked."""


class OptimizerSpec(Spec):
    """How the weights move."""

    name: Literal["adam", "adamw"] = "adam"
    """Adam (Kingma and Ba 2015), or AdamW with decoupled weight decay."""
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-3
    """Step size at its highest."""
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Decoupled weight decay for AdamW, L2 for Adam."""
    schedule: Literal["plateau", "cosine", "constant"] = "plateau"
    """`plateau`: lowered as the tuning loss stalls. `cosine`: warm-up, then cosine."""
    warmup_share: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """Share of all steps in which the cosine schedule warms up."""
    plateau_patience_epochs: Annotated[int, Field(ge=0)] = 4
    """Epochs without a better tuning loss before the rate is lowered."""
    plateau_factor: OpenShare = 0.3
    """Factor by which the plateau schedule lowers the rate."""
    clip_norm: Annotated[float, Field(ge=0)] = 0.0
    """Largest gradient norm; 0 leaves gradients alone."""


class TrainSpec(Spec):
    """One training run. `recipe` fills every field that is not set explicitly."""

    recipe: Literal["seed", "strong"] = "seed"
    """Named set of defaults, see `tumorscope.domain.recipes`."""
    epochs: Annotated[int, Field(ge=1, le=10_000)] = 50
    """Passes over the training part."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 32
    """Slices in one step."""
    initial_weights: str = "imagenet"
    """`imagenet`, `scratch`, or the path of a weights file."""
    balance: Literal["none", "weights", "sampling"] = "none"
    """Class weights in the loss, or balanced sampling."""
    mitigation: Literal["none", "group-sampling", "reweighing", "group-dro"] = "none"
    """`group-sampling`: groups are drawn equally often. `reweighing`: group and label are
    made independent by weights in the loss (Kamiran and Calders 2012). `group-dro`: the
    group with the largest loss gains weight (Sagawa et al. 2020)."""
    mitigation_group: str = "site"
    """Groups that mitigation looks at: a column such as `site`, `age_years:40,60`, or
    `sex-x-site`; `label-x-site` tells tumor slices of a site from its others."""
    group_dro_step: Annotated[float, Field(gt=0, le=10)] = 0.01
    """How fast `group-dro` moves its weights, for each step and unit of loss."""
    label_smoothing: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    """Share of each label that is spread over both classes."""
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Decay of the running mean of the weights for each step; 0 switches it off."""
    low_resolution_share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of the epochs, from the first on, that train on a reduced image."""
    low_resolution_px: Annotated[int, Field(ge=32, multiple_of=32)] = 96
    """Side of that reduced image, in pixels."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of the pooled features that is dropped in training."""
    optimizer: OptimizerSpec = OptimizerSpec()
    """How the weights move."""
    augment: AugmentSpec = AugmentSpec()
    """Random changes of a training batch."""
    precision: Literal["auto", "32", "bf16"] = "auto"
    """`auto`: bf16 where the hardware multiplies it natively, else 32 bit."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train."""
    threads: Annotated[int, Field(ge=0)] = 0
    """CPU threads of torch; 0 takes all cores."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of initialisation, order and augmentation."""

    @model_validator(mode="before")
    @classmethod
    def _fill_from_recipe(cls, values: object) -> object:
        return with_recipe(values) if isinstance(values, dict) else values

    @model_validator(mode="after")
    def _one_balance(self) -> Self:
        try:
            crosses_label, _ = parse_training_groups(self.mitigation_group)
        except ConfigError as error:
            raise ValueError(f"mitigation_group: {error}") from error
        if self.mitigation == "none":
            return self
        if self.balance != "none":
            raise ValueError(
                "balance and mitigation exclude each other: leave balance at none; "
                "mitigation_group=label-x-... balances the classes of each group"
            )
        if self.mitigation == "reweighing" and crosses_label:
            raise ValueError(
                "mitigation_group: reweighing pairs the label with a group by itself; "
                "leave out label-x-"
            )
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
