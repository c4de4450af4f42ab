"""The settings of every stage."""

from __future__ import annotations

import json

import pytest
from pydantic import BaseModel, ValidationError

from tumorscope.domain.specs import PreprocessSpec, RunSpec, SplitSpec, TrainSpec


def _paths(model: type[BaseModel], above: tuple[str, ...] = ()):
    """Yield the way to every nested spec, the outermost included."""
    yield above
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(
            field.annotation, BaseModel
        ):
            yield from _paths(field.annotation, (*above, name))


@pytest.mark.parametrize("path", list(_paths(RunSpec)), ids=".".join)
def test_misspelt_key_is_refused_in_every_section(path):
    """`epoch = 3` instead of `epochs = 3` stops the run, wherever it stands."""
    values: dict = {"epoch": 3}
    for name in reversed(path):
        values = {name: values}

    with pytest.raises(ValidationError) as caught:
        RunSpec.model_validate(values)

    assert [error["loc"] for error in caught.value.errors()] == [(*path, "epoch")]


@pytest.mark.parametrize("recipe", ["seed", "strong"])
def test_full_dump_gives_the_same_spec(recipe):
    """What run.json records brings the same run back, recipe and all."""
    spec = RunSpec.model_validate(
        {
            "train": {"recipe": recipe, "augment": {"gamma": 0.0}, "epochs": 3},
            "split": {"folds": 4},
        }
    )

    as_text = RunSpec.model_validate_json(spec.model_dump_json())
    as_values = RunSpec.model_validate(json.loads(json.dumps(spec.model_dump())))

    assert as_text == spec
    assert as_values == spec


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"folds": 1}, "at least 2"),
        ({"folds": 3, "leave_out": "site"}, "exclude each other"),
        ({"test_share": 0.5, "tune_share": 0.5}, "leave patients to train on"),
        ({"test_share": 0.0}, "greater than 0"),
        ({"leave_out": "scanner"}, "site"),
    ],
)
def test_impossible_split_is_refused(values, message):
    """A split that cannot be made is refused before anything is read."""
    with pytest.raises(ValidationError, match=message):
        SplitSpec(**values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"size_px": 100}, "multiple of 32"),
        ({"size_px": 0}, "greater than or equal to 32"),
        ({"low_percentile": 60, "high_percentile": 50}, "must be below"),
        ({"low_percentile": 50, "high_percentile": 50}, "must be below"),
    ],
)
def test_impossible_preprocessing_is_refused(values, message):
    """The network needs a side it can halve five times, and a range that is one."""
    with pytest.raises(ValidationError, match=message):
        PreprocessSpec(**values)


@pytest.mark.parametrize(
    "values",
    [
        {"epochs": 0},
        {"batch_size": 0},
        {"optimizer": {"learning_rate": 0}},
        {"optimizer": {"name": "sgd"}},
        {"augment": {"flip_left_right": 1.5}},
        {"label_smoothing": 0.5},
    ],
)
def test_value_out_of_range_is_refused(values):
    """A number outside the range that its docstring gives is an error."""
    with pytest.raises(ValidationError):
        TrainSpec.model_validate(values)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, "a specificity of 0.95"),
        ({"evaluate": {"target_specificity": 0.8}}, "a specificity of 0.8"),
        ({"calibrate": {"target_specificity": 0.9}}, "a specificity of 0.9"),
        ({"calibrate": {"target_sensitivity": 0.9}}, "a sensitivity of 0.9"),
    ],
)
def test_the_operating_point_is_given_once(values, expected):
    """Sensitivity or specificity; the older setting of `evaluate` keeps working."""
    assert str(RunSpec.model_validate(values).operating_target) == expected


@pytest.mark.parametrize(
    "values",
    [
        {"calibrate": {"target_specificity": 0.9, "target_sensitivity": 0.9}},
        {
            "calibrate": {"target_sensitivity": 0.9},
            "evaluate": {"target_specificity": 0.8},
        },
    ],
)
def test_two_operating_points_are_refused(values):
    """Nothing is ignored in silence."""
    with pytest.raises(ValidationError, match="exclude each other"):
        RunSpec.model_validate(values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"mitigation": "group-dro", "balance": "sampling"}, "exclude each other"),
        (
            {"mitigation": "reweighing", "mitigation_group": "label-x-site"},
            "leave out label-x-",
        ),
        ({"mitigation_group": "hair"}, "mitigation_group: .*no column of patients"),
        ({"mitigation": "adversarial"}, "group-dro"),
    ],
)
def test_a_mitigation_that_cannot_be_trained_is_refused(values, message):
    """Two kinds of balance would undo each other, and a group must be a column."""
    with pytest.raises(ValueError, match=message):
        TrainSpec.model_validate(values)


def test_a_mitigation_may_tell_tumor_slices_of_a_group_apart():
    """Sites are crossed with the label where that is asked for."""
    spec = TrainSpec(mitigation="group-sampling", mitigation_group="label-x-site")

    assert spec.mitigation_group == "label-x-site"
