"""Deals patients to train, tune and test."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.errors import ConfigError, DataError, LeakageError
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.specs import SplitSpec
from tumorscope.domain.split import PARTS, Split
from tumorscope.io.artifacts import read_split, write_split
from tumorscope.splitting import split_cohort


def _cohort(
    patients: int, *, seed: int = 0, sites: int = 3, known: bool = True
) -> Manifest:
    """Return a cohort whose patients differ in slices, prevalence and site."""
    generator = np.random.default_rng(seed)
    slices = generator.integers(4, 30, size=patients)
    owner = np.repeat(np.arange(patients), slices)
    prevalence = generator.uniform(0.1, 0.7, size=patients)
    table = pd.DataFrame(
        {
            "image": [f"{row}.png" for row in range(len(owner))],
            "source": "test",
            "label": (generator.random(len(owner)) < prevalence[owner]).astype(int),
            "patient_id": [f"p{index}" if known else None for index in owner],
            "site": [f"site{index % sites}" if sites else None for index in owner],
        }
    )
    return Manifest(table=table, root=Path())


def _owners_by_part(split: Split, fold: int = 0) -> list[set[str]]:
    return [set(split.patient_id[split.rows(part, fold)]) for part in PARTS]


@pytest.mark.parametrize("seed", range(12))
def test_no_patient_on_two_sides_for_any_seed(seed):
    """Whatever the cohort and the seed, each patient is in exactly one part."""
    patients = int(np.random.default_rng(seed).integers(6, 60))
    manifest = _cohort(patients, seed=seed)

    split = split_cohort(manifest, None, SplitSpec(seed=seed))

    train, tune, test = _owners_by_part(split)
    assert not (train & tune | train & test | tune & test)
    assert len(train | tune | test) == patients
    assert split.grouping == "patient"


@pytest.mark.parametrize("seed", range(4))
def test_shares_prevalence_and_sites_are_near_what_was_asked_for(seed):
    """With forty unequal patients, 70/15/15 holds within 2 %, label share within 10 %."""
    manifest = _cohort(40, seed=seed)

    split = split_cohort(manifest, None, SplitSpec(seed=seed))

    prevalence = manifest.labels.mean()
    sites = manifest.table["site"].value_counts(normalize=True)
    for part, share in zip(PARTS, (0.7, 0.15, 0.15), strict=True):
        rows = split.rows(part)
        found = manifest.table["site"].iloc[rows].value_counts(normalize=True)
        assert len(rows) / len(manifest) == pytest.approx(share, abs=0.02)
        assert manifest.labels[rows].mean() == pytest.approx(prevalence, abs=0.1)
        assert (found - sites).abs().max() < 0.12


def test_seed_fixes_the_split():
    """The same seed deals the same; another one deals anew."""
    manifest = _cohort(30)

    first, again = (split_cohort(manifest, None, SplitSpec(seed=5)) for _ in range(2))
    other = split_cohort(manifest, None, SplitSpec(seed=6))

    np.testing.assert_array_equal(first.part, again.part)
    assert (first.part != other.part).any()


def test_other_shares_are_dealt_as_asked():
    """The spec's shares are what the parts aim at."""
    spec = SplitSpec(test_share=0.3, tune_share=0.1)

    split = split_cohort(_cohort(40), None, spec)

    assert len(split.rows("test")) / len(split.group) == pytest.approx(0.3, abs=0.02)
    assert len(split.rows("tune")) / len(split.group) == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize("seed", range(4))
def test_folds_test_every_slice_exactly_once(seed):
    """Pooled over the folds, each slice is scored by a model that never saw it."""
    manifest = _cohort(24, seed=seed)

    split = split_cohort(manifest, None, SplitSpec(folds=4, seed=seed))

    tested = np.concatenate([split.rows("test", fold) for fold in range(4)])
    np.testing.assert_array_equal(np.sort(tested), np.arange(len(manifest)))
    for fold in range(4):
        train, tune, test = _owners_by_part(split, fold)
        assert not (train & tune | train & test | tune & test)
        assert len(split.rows("tune", fold)) / len(manifest) == pytest.approx(
            0.15, abs=0.05
        )


def test_site_with_fewer_slices_than_folds_is_dealt_without_a_warning():
    """A tiny site cannot be in every test part; that stops nothing."""
    manifest = _cohort(24)
    table = manifest.table.copy()
    table.loc[table["patient_id"] == "p0", "site"] = "tiny"
    first = table.index[table["patient_id"] == "p0"][:2]
    table = table[(table["site"] != "tiny") | table.index.isin(first)]
    small = Manifest(table=table.reset_index(drop=True), root=Path())

    split = split_cohort(small, None, SplitSpec(folds=5))

    assert split.part.shape == (len(small), 5)


def test_leaving_a_site_out_tests_on_that_site_alone():
    """One fold for each site, and its slices are the test part, all of them."""
    manifest = _cohort(24)

    split = split_cohort(manifest, None, SplitSpec(leave_out="site"))

    assert split.fold_names == ("site-site0", "site-site1", "site-site2")
    for fold, site in enumerate(("site0", "site1", "site2")):
        expected = np.flatnonzero(manifest.table["site"] == site)
        np.testing.assert_array_equal(split.rows("test", fold), expected)


@pytest.mark.parametrize("sites", [0, 1])
def test_leaving_a_site_out_needs_two_known_sites(sites):
    """Without sites the question cannot be asked, and the error says so."""
    with pytest.raises(ConfigError, match="at least two sites"):
        split_cohort(_cohort(12, sites=sites), None, SplitSpec(leave_out="site"))


def test_patient_scanned_at_two_sites_cannot_be_left_out_with_one():
    """Testing on a site whose patient was trained on elsewhere is refused as a leak."""
    table = _cohort(12).table
    rows = table.index[table["patient_id"] == "p0"]
    table.loc[rows[0], "site"] = "site1"

    with pytest.raises(LeakageError, match="first: p0"):
        split_cohort(
            Manifest(table=table, root=Path()), None, SplitSpec(leave_out="site")
        )


@pytest.mark.parametrize(
    ("patients", "spec"),
    [(5, SplitSpec()), (1, SplitSpec()), (7, SplitSpec(folds=4))],
)
def test_too_few_patients_is_a_clear_error(patients, spec):
    """A handful of patients cannot fill three parts."""
    with pytest.raises(DataError, match=f"{patients} patients or groups are too few"):
        split_cohort(_cohort(patients), None, spec)


def test_sites_of_one_patient_each_are_dealt_into_folds():
    """Where no site can be in two test parts, the other balances still hold."""
    table = pd.DataFrame(
        {
            "image": [f"{row}.png" for row in range(12)],
            "source": "test",
            "label": [0, 1] * 6,
            "patient_id": [f"p{row}" for row in range(12)],
            "site": [f"site{row}" for row in range(12)],
        }
    )
    manifest = Manifest(table=table, root=Path())

    split = split_cohort(manifest, None, SplitSpec(folds=3))

    for fold in range(3):
        rows = split.rows("test", fold)
        assert (len(rows), manifest.labels[rows].sum()) == (4, 2)


def test_another_seed_deals_the_folds_anew():
    """45 patients of five sites: who is tested together again is left to chance."""
    manifest = _cohort(45, sites=5)
    first = np.unique(manifest.table["patient_id"], return_index=True)[1]
    together = []
    for seed in (0, 1):
        split = split_cohort(manifest, None, SplitSpec(folds=5, seed=seed))
        fold = (split.part[first] == "test").argmax(axis=1)
        together.append(np.triu(fold[:, None] == fold, k=1))

    again = (together[0] & together[1]).sum() / together[0].sum()

    # Dealt independently, 8 of the other 44 patients share a fold of 9: 0.18.
    assert again < 0.35


@pytest.mark.parametrize("seed", range(3))
def test_folds_are_balanced_in_size_label_and_site(seed):
    """45 unequal patients of five sites: every test part looks like the cohort."""
    manifest = _cohort(45, sites=5, seed=seed)
    sites = manifest.table["site"].value_counts(normalize=True)

    split = split_cohort(manifest, None, SplitSpec(folds=5, seed=seed))

    for fold in range(5):
        rows = split.rows("test", fold)
        found = manifest.table["site"].iloc[rows].value_counts(normalize=True)
        assert len(rows) / len(manifest) == pytest.approx(0.2, abs=0.015)
        assert manifest.labels[rows].mean() == pytest.approx(
            manifest.labels.mean(), abs=0.07
        )
        assert (found - sites).abs().max() < 0.1
        assert 7 <= len(set(split.patient_id[rows])) <= 11


def test_a_giant_group_is_tested_alone_or_nearly_so():
    """The other folds share what is left, instead of as many groups each."""
    owners = ["giant"] * 60 + [f"p{index // 5}" for index in range(200)]
    table = pd.DataFrame(
        {
            "image": [f"{row}.png" for row in range(len(owners))],
            "source": "test",
            "label": [row % 2 for row in range(len(owners))],
            "patient_id": owners,
        }
    )
    manifest = Manifest(table=table, root=Path())

    split = split_cohort(manifest, None, SplitSpec(folds=4))

    sizes = sorted(len(split.rows("test", fold)) for fold in range(4))
    assert sizes[-1] <= 75
    assert sizes[0] >= 55


def test_stored_folds_do_not_depend_on_how_they_were_dealt(tmp_path):
    """A split on disk is read as it is: its folds are not dealt again."""
    manifest = _cohort(12)
    split = split_cohort(manifest, None, SplitSpec(folds=3))
    swapped = replace(split, part=split.part[:, ::-1])
    write_split(tmp_path / "split.json", swapped)

    read = read_split(tmp_path / "split.json", manifest)

    np.testing.assert_array_equal(read.part, swapped.part)


def test_one_giant_patient_is_a_clear_error():
    """Where one patient holds nearly all slices, no dealing has the shares asked for."""
    owners = ["giant"] * 500 + [f"p{index}" for index in range(7)]
    table = pd.DataFrame(
        {
            "image": [f"{row}.png" for row in range(len(owners))],
            "source": "test",
            "label": [row % 2 for row in range(len(owners))],
            "patient_id": owners,
        }
    )

    with pytest.raises(DataError, match="use more patients or other shares"):
        split_cohort(Manifest(table=table, root=Path()), None, SplitSpec())


def test_near_duplicates_join_patients():
    """Two ids whose slices look alike may be one patient: they stay on one side."""
    manifest = _cohort(20)
    groups = np.arange(len(manifest))
    patient = manifest.table["patient_id"].to_numpy()
    for first, second in (("p0", "p7"), ("p7", "p13")):
        alike = [np.flatnonzero(patient == name)[-1] for name in (first, second)]
        groups[alike] = groups[alike[0]]

    for seed in range(8):
        split = split_cohort(manifest, groups, SplitSpec(seed=seed))

        joined = np.isin(patient, ["p0", "p7", "p13"])
        assert len(set(split.part[joined, 0])) == 1
        assert len(set(split.group[joined])) == 1
        assert len(set(split.group)) == 18
        assert split.grouping == "patient"


def test_groups_stand_in_where_no_patient_is_known():
    """Without patient ids the groups are kept together, and the split says so."""
    manifest = _cohort(20, known=False)
    groups = np.arange(len(manifest)) // 4

    split = split_cohort(manifest, groups, SplitSpec())

    assert split.grouping == "near-duplicates"
    for group in np.unique(groups):
        assert len(set(split.part[groups == group, 0])) == 1


def test_partly_known_patients_are_kept_together_too():
    """Where some slices have a patient id and some do not, both rules hold."""
    manifest = _cohort(20)
    table = manifest.table.copy()
    table.loc[table["patient_id"] != "p3", "patient_id"] = None
    groups = np.arange(len(manifest)) // 4

    split = split_cohort(Manifest(table=table, root=Path()), groups, SplitSpec())

    assert split.grouping == "near-duplicates"
    assert len(set(split.part[(table["patient_id"] == "p3").to_numpy(), 0])) == 1


def test_without_patients_and_groups_nothing_is_split():
    """A random split of single slices cannot be asked for."""
    with pytest.raises(DataError, match="near-duplicate groups"):
        split_cohort(_cohort(20, known=False), None, SplitSpec())


def test_unlabeled_slices_cannot_be_split():
    """Stratification needs every label."""
    table = _cohort(20).table
    table.loc[3, "label"] = None

    with pytest.raises(DataError, match="have no label"):
        split_cohort(Manifest(table=table, root=Path()), None, SplitSpec())
