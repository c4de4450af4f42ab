"""Tests of protocols: repeats that can be taken up again, and figures that add up."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tumorscope.domain.errors import ConfigError, DataError, GateError
from tumorscope.domain.specs import RunSpec
from tumorscope.io.artifacts import split_digest
from tumorscope.workflows.evaluate import evaluate_run
from tumorscope.workflows.prepare import prepare
from tumorscope.workflows.protocols import run_protocol
from tumorscope.workflows.run_folder import open_run

pytestmark = pytest.mark.xdist_group("trained-run")
SMALL = ["protocol.repeats=2", "protocol.folds=2", "protocol.inner_folds=2"]


@pytest.fixture(scope="module")
def base(tmp_path_factory, cohort, spec):
    """Return a prepared run that was never trained, for protocols of its own."""
    return prepare(cohort, tmp_path_factory.mktemp("protocols") / "run", spec).folder


@pytest.fixture(scope="module")
def crossed(base):
    """Return the result of a small cross-validation of the base run."""
    return run_protocol(base, "cv", assignments=SMALL, leaky_comparison=True)


def read_tested(path):
    table = pd.read_parquet(path)
    return table[table["part"] == "test"].sort_values("image")


@pytest.mark.slow
def test_every_slice_is_tested_once_in_each_repeat(crossed, base):
    """The pooled figure of a repeat is over the whole cohort, dealt anew each time."""
    images = sorted(open_run(base).manifest.table["image"])

    folds = []
    for number in range(2):
        table = read_tested(
            crossed.html.parent / f"repeat-{number}" / "predictions.parquet"
        )
        assert table["image"].tolist() == images
        folds.append(table["fold"].tolist())
    assert folds[0] != folds[1]
    assert crossed.report.n_slices == len(images)
    assert crossed.report.n_patients == 14


@pytest.mark.slow
def test_the_figure_is_the_mean_of_the_repeats(crossed):
    """Anyone can compute the AUROC again from the predictions of the repeats."""
    areas = []
    for number in range(2):
        table = read_tested(
            crossed.html.parent / f"repeat-{number}" / "predictions.parquet"
        )
        areas.append(
            roc_auc_score(table["label"].astype(int), table["tumor_probability"])
        )

    content = json.loads(crossed.json.read_text())
    figure = content["report"]["figures"]["auroc"]
    assert figure["value"] == pytest.approx(np.mean(areas))
    assert figure["low"] <= figure["value"] <= figure["high"]
    assert [
        one["figures"]["auroc"]["value"] for one in content["report"]["repeats"]
    ] == (pytest.approx(areas))


@pytest.mark.slow
def test_a_protocol_holds_what_a_single_report_holds(crossed):
    """Decisions, sizes, patients, slope and net benefit are in protocol.json."""
    content = json.loads(crossed.json.read_text())

    detail = content["report"]["detail"]
    masked = crossed.report.detail.by_lesion_size
    assert content["version"] == 2
    assert len(detail["decision_curve"]["points"]) == 10
    assert [each["decision"] for each in detail["patients"]] == ["ranked", "tuned"]
    assert len(detail["t95"]) == 2
    assert masked.reason == ""
    assert sum(each.n_slices for each in masked.strata) == crossed.report.n_tumor_slices
    assert "Lesions and patients" in crossed.html.read_text()


@pytest.mark.slow
def test_repeats_share_manifest_and_pixel_store(crossed, base):
    """Nothing is copied and nothing is decoded twice: the repeats hold links."""
    for number in range(2):
        repeat = crossed.html.parent / f"repeat-{number}"
        for name in ("manifest.parquet", "store"):
            assert (repeat / name).is_symlink()
            assert (repeat / name).resolve() == (base / name).resolve()


@pytest.mark.slow
def test_a_repeat_is_a_run_of_its_own(crossed, base, own):
    """`evaluate` works on a repeat as on any run, with the same scores."""
    repeat = own(base) / "protocols" / "cv" / "repeat-0"
    before = read_tested(repeat / "predictions.parquet")

    report = evaluate_run(repeat).report

    assert report.n_slices == len(before)
    assert report.ranking["auroc"].value == pytest.approx(
        crossed.report.repeats[0].figures["auroc"].value
    )


@pytest.mark.slow
def test_a_finished_protocol_trains_nothing_again(crossed, base, own):
    """The same command reads what is there; other draws only draw the page anew."""
    run = own(base)
    weights = sorted((run / "protocols").rglob("weights.safetensors"))
    before = [path.stat().st_mtime_ns for path in weights]

    again = run_protocol(
        run, "cv", assignments=[*SMALL, "evaluate.bootstrap_draws=150"]
    )

    assert len(weights) == 4
    assert [path.stat().st_mtime_ns for path in weights] == before
    assert again.report.figures["auroc"].value == crossed.report.figures["auroc"].value
    assert again.report.spec.bootstrap_draws == 150


@pytest.mark.slow
def test_checkpoints_of_finished_repeats_are_dropped(crossed):
    """The disk keeps models and logs, not what only a stopped training needs."""
    folder = crossed.html.parent

    assert not list(folder.rglob("*.ckpt"))
    assert len(list(folder.rglob("metrics.csv"))) == 4


@pytest.mark.slow
def test_changed_settings_are_refused_by_name(crossed, base):
    """A protocol is one experiment: it cannot change halfway."""
    with pytest.raises(ConfigError, match=r"protocol\.folds was 2, is 3") as caught:
        run_protocol(base, "cv", assignments=["protocol.repeats=2", "protocol.folds=3"])

    assert "remove that folder" in str(caught.value)


@pytest.mark.slow
def test_a_protocol_goes_on_after_a_kill(crossed, base, own):
    """What is missing is made again, what is whole is kept, and the figures stay."""
    run = own(base)
    folder = run / "protocols" / "cv"
    kept = folder / "repeat-0" / "bundles" / "fold1" / "weights.safetensors"
    before = kept.stat().st_mtime_ns
    lost = folder / "repeat-0" / "bundles" / "fold0"
    for file in lost.iterdir():
        file.unlink()
    lost.rmdir()
    (folder / "repeat-0" / "predictions.parquet").unlink()
    (folder / "protocol.json").unlink()

    again = run_protocol(run, "cv", assignments=SMALL)

    assert kept.stat().st_mtime_ns == before
    assert again.report.figures["auroc"].value == pytest.approx(
        crossed.report.figures["auroc"].value, abs=1e-6
    )


@pytest.mark.slow
def test_the_page_labels_the_leaky_split(crossed):
    """The slice split stands beside the folds, and nobody can take it for a result."""
    page = crossed.html.read_text()

    assert "leaky, for comparison" in page
    assert "Not audited" in page
    assert "It shows what a split of slices would pretend" in " ".join(page.split())
    leaky = json.loads(crossed.json.read_text())["report"]["leaky"]
    for figure in leaky["figures"]:
        gap = figure["leaky"]["value"] - figure["grouped"]["value"]
        assert figure["gap"]["value"] == pytest.approx(gap)


@pytest.mark.slow
@pytest.mark.usefixtures("crossed")
def test_simple_methods_stand_on_the_same_folds(base, own):
    """The difference to each simple method is paired, by one option."""
    found = run_protocol(
        own(base), "cv", assignments=[*SMALL, "evaluate.baselines=true"]
    ).report

    by_name = {each.name: each for each in found.baselines}
    assert {"position", "hand_position"} <= set(by_name)
    one = by_name["position"]
    assert one.difference.value == pytest.approx(
        found.figures["auroc"].value - one.figures["auroc"].value
    )


@pytest.mark.exhaustive
def test_leaving_sites_out_tests_each_site_with_strangers(crossed, base):
    """Each fold's models saw no patient of its site; the drop is paired with the CV."""
    result = run_protocol(base, "leave-site-out", assignments=SMALL)

    repeat = open_run(result.html.parent / "repeat-0")
    sites = repeat.manifest.table["site"].to_numpy()
    for fold in range(len(repeat.split.fold_names)):
        inside = set(sites[repeat.split.rows("test", fold)])
        assert not inside & set(sites[repeat.split.rows("train", fold)])
    assert len(result.report.sites) == len(repeat.split.fold_names)
    drop = result.report.drop_from_cv
    assert drop.value == pytest.approx(
        crossed.report.figures["auroc"].value - result.report.figures["auroc"].value
    )


def test_candidates_need_a_choice(base):
    """Nested folds choose among two or more; other protocols choose nothing."""
    for candidates in ([], ["run"], ["run", "train.batch_size=16"]):
        with pytest.raises(ConfigError, match="at least two different candidates"):
            run_protocol(base, "nested-cv", candidates=candidates)
    with pytest.raises(ConfigError, match="'train' only"):
        run_protocol(base, "nested-cv", candidates=["run", "preprocess.size_px=64"])
    with pytest.raises(ConfigError, match="is for --protocol nested-cv"):
        run_protocol(base, "cv", candidates=["run"])


def test_a_run_whose_audit_failed_is_not_trained_in_folds_either(prepared, own):
    """A protocol is no way around a failed gate."""
    run = own(prepared)
    gate = {"gate": "canary", "has_failed": True, "sentence": "It leaks."}
    audit = {
        "format": 1,
        "outcome": "failed",
        "created": "2026-11-23T10:12:00+00:00",
        "gates": [gate],
        "waivers": [],
        "audited": {
            "manifest_digest": open_run(run).manifest.digest,
            "split_digest": split_digest(run / "split.json"),
        },
    }
    (run / "audit.json").write_text(json.dumps(audit))

    with pytest.raises(GateError, match="canary: It leaks"):
        run_protocol(run, "cv")

    assert not (run / "protocols").exists()


def test_settings_of_other_stages_are_refused(base):
    """A protocol is trained with the run's own settings, and says what it takes."""
    with pytest.raises(ConfigError, match="sections 'protocol' and 'evaluate'"):
        run_protocol(base, "cv", assignments=["train.epochs=3"])
    with pytest.raises(ConfigError, match=r"did you mean folds\?"):
        run_protocol(base, "cv", assignments=["protocol.fold=3"])

    assert not (base / "protocols" / "nested-cv" / "request.json").exists()


def test_too_few_patients_leave_no_trace(own, prepared):
    """A protocol that cannot be dealt is refused before anything is written."""
    run = own(prepared)

    with pytest.raises(DataError, match="too few for 10 folds"):
        run_protocol(run, "cv", assignments=["protocol.folds=10"])

    assert not (run / "protocols").exists()


def test_a_run_prepared_with_one_site_has_no_site_to_leave_out(without_patients, own):
    """Unknown sites are said to be unknown, never guessed."""
    run = own(without_patients)

    with pytest.raises(ConfigError, match="at least two sites"):
        run_protocol(run, "leave-site-out")


def test_the_recorded_settings_are_the_prepared_ones(base, spec):
    """The base run itself is left as it was prepared."""
    assert open_run(base).record.spec == RunSpec.model_validate(spec.model_dump())
