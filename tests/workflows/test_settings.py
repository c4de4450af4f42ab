"""Tests of settings: the command line over the file over the defaults, no silent typos."""

from __future__ import annotations

import pytest

from tumorscope.domain.errors import ConfigError
from tumorscope.domain.specs import RunSpec
from tumorscope.phantom import PhantomSpec
from tumorscope.workflows.settings import (
    change_section,
    change_settings,
    read_settings,
)


@pytest.fixture
def toml(tmp_path):
    """Return a function that writes a settings file."""

    def write(text):
        path = tmp_path / "settings.toml"
        path.write_text(text)
        return path

    return write


def read(*assignments, file=None):
    return read_settings(RunSpec, file=file, assignments=assignments)


def test_without_settings_the_defaults_hold():
    """Nothing needs to be set."""
    assert read() == RunSpec()


def test_the_command_line_wins_over_the_file(toml):
    """What the user typed last counts; the rest of the file stays."""
    file = toml(
        "[train]\nepochs = 3\nbatch_size = 8\n[train.optimizer]\nname = 'adamw'"
    )

    spec = read("train.epochs=5", "train.optimizer.learning_rate=0.01", file=file)

    assert spec.train.epochs == 5
    assert spec.train.batch_size == 8
    assert spec.train.optimizer.name == "adamw"
    assert spec.train.optimizer.learning_rate == 0.01


@pytest.mark.parametrize(
    ("assignment", "value"),
    [
        ("train.initial_weights=scratch", "scratch"),
        ("train.initial_weights='a b.safetensors'", "a b.safetensors"),
        ("train.initial_weights=a=b.safetensors", "a=b.safetensors"),
        (" train.initial_weights = scratch ", "scratch"),
    ],
)
def test_words_need_no_quotes(assignment, value):
    """A shell takes quotes away; a bare word is text."""
    assert read(assignment).train.initial_weights == value


def test_lists_and_truth_values_are_toml():
    """A value that TOML knows has its type."""
    spec = read("evaluate.baselines=true", 'explain.methods=["cam"]')

    assert spec.evaluate.baselines is True
    assert spec.explain.methods == ("cam",)


def test_a_misspelt_key_on_the_command_line_names_key_place_and_known_keys():
    """A typo never trains with a default in silence."""
    with pytest.raises(ConfigError) as caught:
        read("train.epoch=3")

    message = str(caught.value)
    assert "train.epoch (--set): no such setting; did you mean epochs?" in message
    assert "batch_size" in message


def test_a_misspelt_key_in_the_file_names_the_file(toml):
    """The user learns which of two places to correct."""
    file = toml("[train.optimizer]\nlearning_rat = 0.1\n[trainn]\nepochs = 3")

    with pytest.raises(ConfigError) as caught:
        read("train.epochs=3", file=file)

    message = str(caught.value)
    assert f"train.optimizer.learning_rat ({file}): no such setting" in message
    assert f"trainn ({file}): no such setting; did you mean train?" in message
    assert "--set" not in message


def test_all_errors_are_reported_at_once():
    """Nobody corrects settings one at a time."""
    with pytest.raises(ConfigError) as caught:
        read("train.epochs=no", "split.test_share=2", "explain.parts=test")

    lines = str(caught.value).splitlines()
    assert lines[0] == "settings cannot be used:"
    assert len(lines) == 4
    assert any("train.epochs" in line and "(got 'no')" in line for line in lines)
    assert any("split.test_share" in line and "(got 2)" in line for line in lines)


def test_settings_that_exclude_each_other_are_named():
    """A rule over several keys is told in its own words."""
    with pytest.raises(
        ConfigError, match=r"split \(--set\): folds and leave_out exclude"
    ):
        read("split.folds=3", "split.leave_out=site")


@pytest.mark.parametrize("assignment", ["train.epochs", "=3", "train..epochs=3", ""])
def test_an_assignment_without_key_or_value_shows_the_form(assignment):
    """A slip of the keyboard is answered with an example."""
    with pytest.raises(ConfigError, match=r"train\.epochs=20"):
        read(assignment)


@pytest.mark.parametrize(
    "assignments",
    [("train=3", "train.epochs=2"), ("train.epochs=2", "train=3")],
)
def test_a_section_is_no_value(assignments):
    """Neither order loses one of the two in silence."""
    with pytest.raises(ConfigError, match="once as a section"):
        read(*assignments)


def test_a_section_given_as_a_value_is_an_error():
    """`--set train=3` names the section, not a failure inside."""
    with pytest.raises(ConfigError, match=r"train \(--set\)"):
        read("train=3")


def test_an_unreadable_file_is_named(toml, tmp_path):
    """Absent and broken files are errors with their path."""
    with pytest.raises(ConfigError, match=r"absent\.toml: cannot be read"):
        read(file=tmp_path / "absent.toml")
    with pytest.raises(ConfigError, match=r"settings\.toml: not valid TOML"):
        read(file=toml("train = ["))


def test_a_flat_spec_has_no_sections():
    """The phantom's settings are written without a section."""
    spec = read_settings(PhantomSpec, file=None, assignments=["patients=4", "sites=2"])

    assert (spec.patients, spec.sites) == (4, 2)
    with pytest.raises(ConfigError, match="did you mean patients"):
        read_settings(PhantomSpec, file=None, assignments=["patient=4"])


def test_another_recipe_keeps_what_was_chosen_explicitly():
    """The recipe's own defaults change; the user's choices do not."""
    before = read("train.epochs=3", "train.augment.noise=0.5")

    after = change_settings(before, ["train.recipe=strong"])

    assert (
        after.train
        == read(
            "train.recipe=strong", "train.epochs=3", "train.augment.noise=0.5"
        ).train
    )
    assert after.train.optimizer.name == "adamw"


def test_a_stage_refuses_settings_of_another_one():
    """A setting that would have no effect is an error."""
    spec = RunSpec()

    assert change_section(spec, "train", ["train.epochs=3"]).train.epochs == 3
    with pytest.raises(ConfigError, match="section 'train' only"):
        change_section(spec, "train", ["train.epochs=3", "preprocess.size_px=64"])
    with pytest.raises(ConfigError, match="did you mean train"):
        change_section(spec, "train", ["trainn.epochs=3"])
