"""How a network is trained: recipe, augmentation, optimizer."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tumorscope.domain.errors import ConfigError
from tumorscope.domain.group_columns import parse_training_groups
from tumorscope.domain.recipes import with_recipe
from tumorscope.domain.spec import OpenShare, Share, Spec


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
