"""Tests of a protocol's folders: shared stores, merged sites, one request."""

from __future__ import annotations

import pandas as pd
import pytest

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.progress import silent
from tumorscope.domain.protocol_spec import ProtocolRequest, ProtocolSpec
from tumorscope.workflows.protocols_layout import (
    ProtocolJob,
    deal_repeat,
    keep_request,
    make_run_folder,
    merge_lone_sites,
    read_request,
)
from tumorscope.workflows.run_folder import open_run


def make_job(folder, name="cv", **settings):
    run = open_run(folder)
    return ProtocolJob(
        run=run,
        request=ProtocolRequest(
            name=name,
            settings=ProtocolSpec(**({"folds": 2, "repeats": 2} | settings)),
            run=run.record.spec,
            manifest_digest=run.manifest.digest,
        ),
        show_bar=False,
        progress=silent,
    )


def slices_of(**patients):
    """Return sites and owners, two slices for each of so many patients of a site."""
    rows = [
        (site, f"{site}{number}")
        for site, count in patients.items()
        for number in range(count)
        for _ in range(2)
    ]
    sites, owners = zip(*rows, strict=True)
    return pd.Series(sites, dtype="str"), pd.Series(owners, dtype="str")


def test_a_lone_patient_joins_the_smallest_other_site():
    """As EZ joins FG in the LGG cohort: nothing is tested on one patient."""
    sites, owners = slices_of(CS=4, DU=9, EZ=1, FG=3)

    merged, (note,) = merge_lone_sites(sites, owners)

    assert sorted(merged.unique()) == ["CS", "DU", "EZ+FG"]
    assert "EZ has a single patient" in note
    assert (merged == "EZ+FG").sum() == 8


def test_several_lone_patients_are_pooled():
    """Sites of one patient each make one part."""
    merged, (note,) = merge_lone_sites(*slices_of(A=5, B=1, C=1, D=1))

    assert sorted(merged.unique()) == ["A", "B+C+D"]
    assert "one patient each" in note


@pytest.mark.parametrize("patients", [{"A": 3, "B": 2}, {"A": 1}])
def test_sites_that_need_no_merger_stay(patients):
    """No note, no new name; a single site has nothing to join."""
    sites, owners = slices_of(**patients)

    merged, notes = merge_lone_sites(sites, owners)

    assert merged.tolist() == sites.tolist()
    assert notes == []


def test_each_repeat_is_dealt_with_its_own_seed(prepared):
    """Seeds 0, 1, ...: other dealings of the same patients, each again the same."""
    job = make_job(prepared)

    parts = [deal_repeat(job, repeat)[0].part.tolist() for repeat in (0, 1, 0)]

    assert parts[0] == parts[2] != parts[1]
    assert [deal_repeat(job, repeat)[1].seed for repeat in (0, 1)] == [0, 1]
    assert [job.train_spec(repeat).seed for repeat in (0, 1)] == [0, 1]


def test_repeats_differ_and_yet_hold_every_site(prepared):
    """Five seeds give five dealings, each with all sites in every test part."""
    job = make_job(prepared, repeats=5)
    sites = job.run.manifest.table["site"]

    splits = [deal_repeat(job, repeat)[0] for repeat in job.repeats]

    assert len({tuple((one.part == "test").argmax(axis=1)) for one in splits}) == 5
    for one in splits:
        for fold in range(2):
            assert set(sites[one.rows("test", fold)]) == set(sites)


def test_a_repeat_shares_what_the_run_holds(prepared, own):
    """Manifest and store are links that still point right when all is moved."""
    run = own(prepared)
    job = make_job(run)
    split, _, _ = deal_repeat(job, 0)

    make_run_folder(
        job, job.repeat_folder(0), split, spec=job.request.run, notes=["a note"]
    )

    moved = run.rename(run.with_name("moved"))
    repeat = open_run(moved / "protocols" / "cv" / "repeat-0")
    assert (repeat.folder / "store").is_symlink()
    assert repeat.store().pixels.shape[0] == len(repeat.manifest)
    assert repeat.record.stages == ()
    assert repeat.record.notes[-1] == "a note"
    assert repeat.record.name == "run-protocols-cv-repeat-0"


def test_a_request_is_kept_and_another_one_refused(prepared, own):
    """Every changed setting is named with both values; report settings may change."""
    run = own(prepared)
    job = make_job(run)
    keep_request(job)
    assert read_request(job.folder / "request.json") == job.request
    evaluate = job.request.run.evaluate.model_copy(update={"bootstrap_draws": 333})
    other_page = job.request.run.model_copy(update={"evaluate": evaluate})
    train = job.request.run.train.model_copy(update={"epochs": 7})
    other_model = job.request.run.model_copy(update={"train": train})

    keep_request(_with_run(job, other_page))
    with pytest.raises(ConfigError, match=r"train\.epochs was 1, is 7"):
        keep_request(_with_run(job, other_model))
    with pytest.raises(ConfigError, match=r"protocol\.repeats was 2, is 3"):
        keep_request(make_job(run, repeats=3))


def _with_run(job, spec):
    request = job.request.model_copy(update={"run": spec})
    return ProtocolJob(
        run=job.run, request=request, show_bar=False, progress=job.progress
    )


def test_a_damaged_request_is_named(tmp_path):
    """The file is named, not a traceback shown."""
    (tmp_path / "request.json").write_text("{}")

    with pytest.raises(DataError, match=r"request\.json: damaged"):
        read_request(tmp_path / "request.json")
