"""What a run says of its data, for items of reporting checklists."""

from __future__ import annotations

from tumorscope.domain.grouping import GROUPING_WORDS
from tumorscope.model_card.checklist import Answer, answered, partly, unanswered
from tumorscope.model_card.cohort import DESCRIBED
from tumorscope.model_card.source import CardSource

CARD_DATA = "model card, Data"
PATIENTS_UNKNOWN = "the run does not know how patients were recruited"


def data_source(source: CardSource) -> Answer:
    """Name the set; why it was chosen is for the authors."""
    cohort = source.cohort
    return partly(
        f"{cohort.source}, manifest {source.record.manifest_digest[:16]}, "
        f"{cohort.n_slices} slices of {cohort.n_owners} {cohort.unit}. Origin, reason for "
        "the choice and license of the images are not in the run.",
        CARD_DATA,
    )


def eligibility(source: CardSource) -> Answer:
    """Count files that were left out; criteria for patients are not in a run."""
    return partly(
        f"{len(source.record.left_out)} unusable files were left out, each with its "
        f"reason; {PATIENTS_UNKNOWN}.",
        "run.json, left_out",
    )


def setting(source: CardSource) -> Answer:
    """Name the sites that the test part knows."""
    sites = source.report["by_site"] if source.report else ()
    if not sites:
        return unanswered("no `site` with figures in the run")
    names = ", ".join(str(each["name"]) for each in sites)
    return partly(
        f"Sites of the test part: {names}. Where they are, and the kind of care, is not "
        "in the run.",
        "model card, Groups of patients",
    )


def preprocessing(source: CardSource) -> Answer:
    """Describe the one preprocessing of training and prediction."""
    spec = source.card.preprocess
    return answered(
        f"Cropped to the foreground (above {spec.foreground_share:g} of the 99.5th percentile, "
        f"margin {spec.margin_share:g}), intensities from percentile "
        f"{spec.low_percentile:g} to {spec.high_percentile:g} scaled to 0 to 1, resized to "
        f"{spec.size_px} x {spec.size_px} pixels. Training and prediction share this.",
        "bundle card, preprocess",
    )


def data_preparation(source: CardSource) -> Answer:
    """Describe preprocessing and quality checks."""
    done = preprocessing(source)
    if source.audit is None:
        return partly(
            f"{done.text} Quality checks: not measured, run `tumorscope audit RUN`.",
            done.place,
        )
    return partly(
        f"{done.text} Quality checks: {len(source.audit.gates)} gates of the audit, "
        f"outcome: {source.audit.outcome}. Whether quality is alike in all groups of "
        "patients was not tested as such.",
        f"{done.place}; audit.html",
    )


def subsets(source: CardSource) -> Answer:
    """Say that nothing but unusable files was left out after import."""
    return partly(
        f"All {source.cohort.n_slices} imported slices are dealt to the parts; "
        f"{len(source.record.left_out)} unusable files were left out. How the source "
        "chose its images is not in the run.",
        "run.json; split.json",
    )


def missing_data(source: CardSource) -> Answer:
    """Say what is null, and that nothing is guessed."""
    unknown = [
        name
        for number, name in enumerate(DESCRIBED)
        if all(
            part.columns[number].startswith("cannot be assessed")
            for part in source.cohort.parts
        )
    ]
    words = (
        f"not known at all: {', '.join(unknown)}" if unknown else "none is wholly null"
    )
    notes = " ".join(source.record.notes)
    return partly(
        "A column that the source does not fill stays null and is never guessed; of "
        f"{', '.join(DESCRIBED)}, {words}. Figures that need a null column say “cannot be "
        f"assessed”. Notes of the importer: {notes or 'none'}",
        CARD_DATA,
    )


def acquisition(source: CardSource) -> Answer:
    """Name the sequences; scanner settings are not in a manifest."""
    sequences = source.cohort.sequences
    if not sequences:
        return unanswered("no `sequences`, and no scanner settings in the run")
    return partly(
        f"Channels: {', '.join(sequences)}. Scanner, field strength and timing are not in "
        "the run.",
        CARD_DATA,
    )


def reference_standard(source: CardSource) -> Answer:
    """Say what a label is; who drew it is not in a run."""
    cohort = source.cohort
    words = ", ".join(cohort.class_names) or "not told"
    return partly(
        f"A slice is positive or not by the label of the source (its words: {words}); "
        f"{cohort.n_masks} of {cohort.n_slices} slices have a lesion mask. How the source "
        "obtained label and mask is not in the run.",
        CARD_DATA,
    )


def test_annotation(source: CardSource) -> Answer:
    """Say that the test part has the labels of the same source."""
    n_test = sum(part.n_slices for part in source.cohort.parts if part.part == "test")
    return partly(
        f"The {n_test} test slices carry the label of the source, as the training slices "
        "do; nothing was annotated anew. Who annotated is not in the run.",
        "split.json",
    )


def assignment(source: CardSource) -> Answer:
    """Say how slices were dealt to the parts."""
    split = source.record.spec.split
    if split.leave_out:
        how = f"one fold for each {split.leave_out}"
    elif split.folds:
        how = f"{split.folds} grouped folds"
    else:
        how = f"test share {split.test_share:g}, tuning share {split.tune_share:g}"
    counts = "; ".join(
        f"{part.fold} {part.part}: {part.n_slices} slices, {part.n_owners} "
        f"{source.cohort.unit}"
        for part in source.cohort.parts
    )
    return answered(
        f"Whole {source.cohort.unit} are dealt with seed {split.seed}, {how}. {counts}.",
        CARD_DATA,
    )


def disjointness(source: CardSource) -> Answer:
    """Say what stays on one side of the split."""
    grouping = source.card.data.grouping
    words = f"The slices are {GROUPING_WORDS[grouping]}; a split that tears a group cannot be read"
    if grouping == "patient":
        return answered(f"{words}.", "split.json")
    return partly(
        f"{words}. There are no patient ids: whether patients are disjoint cannot be "
        "assessed.",
        "split.json",
    )


def sample_size(source: CardSource) -> Answer:
    """Leave the intended size to the authors; the reached one is counted."""
    return partly(
        f"No size was intended by the run: all {source.cohort.n_owners} "
        f"{source.cohort.unit} of the source are used. The intervals show what this "
        "number supports.",
        "model card, Figures",
    )


def participants(source: CardSource) -> Answer:
    """Count who is in and what was left out."""
    cohort = source.cohort
    return partly(
        f"{cohort.n_owners} {cohort.unit}, {cohort.n_tumor_owners} with any tumor slice; "
        f"{cohort.n_slices} slices, {cohort.n_tumor_slices} with tumor; "
        f"{len(source.record.left_out)} files left out. Patients whom the source excluded "
        "are not in the run.",
        CARD_DATA,
    )


def characteristics(source: CardSource) -> Answer:
    """Point to site, scanner, sex and age of each part, as far as they are known."""
    known = [
        name
        for number, name in enumerate(DESCRIBED)
        if not any(
            part.columns[number].startswith("cannot be assessed")
            for part in source.cohort.parts
        )
    ]
    if not known:
        return unanswered(f"{', '.join(DESCRIBED)} are null in this source")
    return partly(
        f"For each part: {', '.join(known)}. Clinical characteristics are not in the run.",
        "model card, Data, table of the parts",
    )


def analysis_counts(source: CardSource) -> Answer:
    """Count patients and tumor slices of each part."""
    counts = "; ".join(
        f"{part.fold} {part.part}: {part.n_owners} {source.cohort.unit}, "
        f"{part.n_tumor_slices} of {part.n_slices} slices with tumor"
        for part in source.cohort.parts
    )
    return answered(f"{counts}.", "model card, Data, Parts")


def ethics(source: CardSource) -> Answer:
    """Repeat what was stated."""
    if not source.facts.ethics:
        return unanswered("write `ethics` in a file for `--facts`")
    return answered(source.facts.ethics, "model card, Data")
