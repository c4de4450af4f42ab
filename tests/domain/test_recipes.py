"""Named sets of training defaults."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tumorscope.domain.recipes import RECIPES, with_recipe
from tumorscope.domain.specs import RunSpec, TrainSpec


def test_seed_is_the_recipe_that_was_described():
    """Without a word, the first described recipe is taken."""
    spec = RunSpec().train

    assert spec.recipe == "seed"
    assert (spec.epochs, spec.batch_size) == (50, 32)
    assert (spec.optimizer.name, spec.optimizer.schedule) == ("adam", "plateau")
    assert spec.augment.rotation_degrees == 15
    assert spec.augment.flip_left_right == spec.augment.flip_up_down == 0.5
    assert spec.ema_decay == spec.label_smoothing == 0


def test_strong_never_turns_a_head_upside_down():
    """The strong recipe changes what a scan can plausibly show, and averages weights."""
    spec = TrainSpec(recipe="strong")

    assert spec.augment.flip_up_down == 0
    assert spec.augment.bias_field > 0
    assert (spec.optimizer.name, spec.optimizer.schedule) == ("adamw", "cosine")
    assert spec.ema_decay > 0


def test_recipe_fills_only_what_is_not_set():
    """An explicit value wins, and its neighbors still come from the recipe."""
    spec = TrainSpec.model_validate(
        {"recipe": "strong", "augment": {"gamma": 0.0}, "optimizer": {"name": "adam"}}
    )

    assert spec.augment.gamma == 0
    assert spec.augment.noise == RECIPES["strong"]["augment"]["noise"]
    assert spec.optimizer.name == "adam"
    assert spec.optimizer.weight_decay == RECIPES["strong"]["optimizer"]["weight_decay"]


def test_explicit_default_is_not_overwritten():
    """Zero is a value: switching an augmentation off holds against the recipe."""
    spec = TrainSpec.model_validate({"augment": {"rotation_degrees": 0.0}})

    assert spec.augment.rotation_degrees == 0


def test_recipes_and_given_values_stay_as_they_are():
    """Merging makes a new mapping."""
    given = {"recipe": "strong", "augment": {"gamma": 0.9}}

    merged = with_recipe(given)

    assert merged["augment"]["gamma"] == 0.9
    assert given == {"recipe": "strong", "augment": {"gamma": 0.9}}
    assert RECIPES["strong"]["augment"]["gamma"] == 0.3


def test_unknown_recipe_is_refused_with_the_known_ones():
    """A recipe that does not exist is an error that lists those that do."""
    with pytest.raises(ValidationError, match="'seed' or 'strong'"):
        TrainSpec.model_validate({"recipe": "mild"})


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_is_a_valid_spec(recipe):
    """Each key of each recipe is one that the spec knows."""
    spec = TrainSpec(recipe=recipe).model_dump()

    for key, value in RECIPES[recipe].items():
        if isinstance(value, dict):
            assert {name: spec[key][name] for name in value} == value
        else:
            assert spec[key] == value
