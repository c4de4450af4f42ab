"""Groups that a mitigation looks at."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tumorscope.domain.errors import ConfigError
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.specs import TrainSpec
from tumorscope.io.bundle import read_card
from tumorscope.workflows.train import train
from tumorscope.workflows.training_groups import training_groups


def _manifest(**columns):
    table = pd.DataFrame(
        {
            "image": [f"{number}.png" for number in range(4)],
            "source": "test",
            "label": [0, 1, 0, 1],
            **columns,
        }
    )
    return Manifest(table=table, root=Path())


def _spec(group="site", mitigation="group-dro"):
    return TrainSpec(mitigation=mitigation, mitigation_group=group)


def test_groups_are_numbered_by_name():
    """Slices whose site is unknown have no number."""
    manifest = _manifest(site=["b", "a", None, "b"])

    assert training_groups(manifest, _spec()).tolist() == [1, 0, -1, 1]


def test_the_label_may_be_crossed_with_the_group():
    """Tumor slices of a site are a group of their own."""
    manifest = _manifest(site=["b", "a", None, "b"])

    assert training_groups(manifest, _spec("label-x-site")).tolist() == [2, 1, -1, 3]


def test_without_mitigation_no_group_is_looked_at():
    """A cohort without sites can be trained as ever."""
    assert training_groups(_manifest(), _spec(mitigation="none")) is None


@pytest.mark.parametrize(
    ("columns", "found"), [({}, "no value"), ({"site": ["a"] * 4}, "only 'a'")]
)
def test_one_group_cannot_be_balanced(columns, found):
    """The message names the setting and what the manifest has."""
    with pytest.raises(ConfigError, match=f"mitigation_group=site: .* has {found}"):
        training_groups(_manifest(**columns), _spec())


@pytest.mark.slow
@pytest.mark.xdist_group("trained-run")
def test_a_run_is_trained_with_its_mitigation(prepared, own, spec):
    """The setting reaches the training, and stands on the card of the model."""
    chosen = spec.train.model_copy(
        update={"mitigation": "reweighing", "mitigation_group": "sex"}
    )

    run = train(own(prepared), spec=chosen)

    card = read_card(run.bundle_folder(0))
    assert card.train.mitigation == "reweighing"
    assert run.record.spec.train.mitigation_group == "sex"
