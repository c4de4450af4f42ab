"""The parts of a card that describe: use, data, training, environment, people."""

from __future__ import annotations

from tumorscope.domain.audit_summary import AuditedGate, AuditSummary
from tumorscope.domain.card import RESEARCH_USE
from tumorscope.domain.grouping import GROUPING_WORDS
from tumorscope.model_card.blocks import fact_table, not_measured, present
from tumorscope.model_card.cohort import DESCRIBED, CardCohort
from tumorscope.model_card.facts import CardFacts
from tumorscope.model_card.source import CardSource
from tumorscope.pages.numbers import format_count
from tumorscope.pages.section import Section, Status, Table

_OUTCOMES: dict[str, Status] = {
    "passed": "passed",
    "waived": "waived",
    "failed": "failed",
}


def describing_sections(source: CardSource) -> tuple[Section, ...]:
    """Return use and data, which come before the figures."""
    return (_use(source), _data(source), _audit(source), _training(source))


def closing_sections(source: CardSource) -> tuple[Section, ...]:
    """Return environment and people, which come after the figures."""
    return (_environment(source), _people(source))


def stated(facts: CardFacts, name: str) -> str:
    """Return what the user stated, or that it is missing and how to state it."""
    text = str(getattr(facts, name)).strip()
    return text or f"not stated: write `{name}` in a file for `--facts`"


def _use(source: CardSource) -> Section:
    sequences = ", ".join(source.card.sequences) or "not told by the source"
    outside = [
        "A diagnosis, a treatment decision, or triage of people: the score is for one "
        "slice, and nothing here was tested in care.",
        f"Images of other sequences than the training data ({sequences}), of other "
        "regions than the head, or of another plane.",
    ]
    if source.is_phantom:
        outside.append("Any patient: the model saw synthetic scans only.")
    if source.cohort.all_have_tumor:
        outside.append(
            "People without a tumor: none was among the training or test patients."
        )
    if not source.externals:
        outside.append("Another hospital or scanner, before external testing there.")
    return Section(
        name="use",
        title="Intended use, and what is out of scope",
        sentences=(source.card.intended_use, RESEARCH_USE),
        tables=(
            Table(
                caption="Out of scope",
                columns=("The model is not for",),
                rows=tuple((each,) for each in outside),
            ),
        ),
    )


def _data(source: CardSource) -> Section:
    cohort, record = source.cohort, source.record
    left_out = (
        f"{len(record.left_out)} unusable files were left out at import."
        if record.left_out
        else "No file was left out at import."
    )
    return Section(
        name="data",
        title="Data",
        sentences=(
            f"{cohort.n_slices} slices of {cohort.n_owners} {cohort.unit} from "
            f"`{cohort.source}`, {GROUPING_WORDS[source.card.data.grouping]}. {left_out}",
            "Collection, consent and eligibility of the patients are not in the run. "
            f"Ethics: {stated(source.facts, 'ethics')}.",
        ),
        tables=(_facts_of_data(source), *_tables_of_parts(cohort)),
    )


def _facts_of_data(source: CardSource) -> Table:
    cohort = source.cohort
    return fact_table(
        "Data set",
        {
            "importer": source.record.importer,
            "manifest, SHA-256": source.record.manifest_digest,
            "sequences": ", ".join(cohort.sequences)
            or "cannot be assessed: no `sequences`",
            "classes in the source's words": ", ".join(cohort.class_names)
            or "cannot be assessed: no `class_name`",
            "slices with tumor by the reference standard": format_count(
                cohort.n_tumor_slices
            ),
            "slices with a lesion mask": format_count(cohort.n_masks),
        },
    )


def _tables_of_parts(cohort: CardCohort) -> tuple[Table, Table]:
    names = [f"{each.fold} {each.part}" for each in cohort.parts]
    counts = Table(
        caption="Parts",
        columns=("Part", "Slices", "With tumor", cohort.unit.capitalize()),
        rows=tuple(
            (name, each.n_slices, each.n_tumor_slices, each.n_owners)
            for name, each in zip(names, cohort.parts, strict=True)
        ),
    )
    traits = Table(
        caption=f"Who is in the parts: values and {cohort.unit}; codes stay codes",
        columns=("Part", *DESCRIBED),
        rows=tuple(
            (name, *each.columns)
            for name, each in zip(names, cohort.parts, strict=True)
        ),
    )
    return counts, traits


def _audit(source: CardSource) -> Section:
    audit = source.audit
    if audit is None:
        sentences: tuple[str, ...] = (not_measured("audit RUN"),)
        return Section(name="audit", title="Audit of the data", sentences=sentences)
    rows = tuple(
        (
            gate.gate,
            _outcome(gate, audit),
            gate.sentence,
            audit.waivers.get(gate.gate, ""),
        )
        for gate in audit.gates
    )
    failed = sum(gate.has_failed for gate in audit.gates)
    return Section(
        name="audit",
        title="Audit of the data",
        status=_OUTCOMES[audit.outcome],
        sentences=(
            f"Audited on {audit.created}: {len(rows)} gates, {failed} failed, "
            f"{len(audit.waivers)} of these waived. Gates find the faults that they look "
            "for; a cohort may have others.",
        ),
        tables=(
            Table(
                caption="Gates",
                columns=("Gate", "Outcome", "Found", "Waived because"),
                rows=rows,
            ),
        ),
    )


def _outcome(gate: AuditedGate, audit: AuditSummary) -> str:
    if not gate.is_assessed:
        return "cannot be assessed"
    if not gate.has_failed:
        return "passed"
    return "waived" if gate.gate in audit.waivers else "failed"


def _training(source: CardSource) -> Section:
    card, train = source.card, source.card.train
    optimizer = train.optimizer
    epochs = ", ".join(
        f"{each.data.fold}: {each.epochs_done}, best {each.best_epoch}"
        for each in source.cards
    )
    augmented = ", ".join(
        f"{name} {value:g}"
        for name, value in train.augment.model_dump().items()
        if value
    )
    facts = {
        "network": f"{card.architecture}, outputs {', '.join(card.classes)}",
        "input": f"{card.preprocess.size_px} x {card.preprocess.size_px} pixels, "
        f"percentiles {card.preprocess.low_percentile:g} and "
        f"{card.preprocess.high_percentile:g} of the foreground to 0 and 1",
        "recipe": train.recipe,
        "first weights": card.first_weights,
        "epochs (chosen by tuning AUROC)": epochs,
        "batch": f"{train.batch_size} slices",
        "optimizer": f"{optimizer.name}, learning rate {optimizer.learning_rate:g}, weight "
        f"decay {optimizer.weight_decay:g}, {optimizer.schedule}",
        "class balance": train.balance,
        "mitigation": train.mitigation,
        "label smoothing": f"{train.label_smoothing:g}",
        "averaged weights (decay)": f"{train.ema_decay:g}",
        "augmentation": augmented or "none",
        "seed": str(train.seed),
    }
    trained = source.last_stage("train")
    if trained is not None:
        facts["time of the training"] = (
            f"{trained.seconds:.0f} s on {_host(trained.host)}"
        )
    return Section(
        name="training",
        title="Training",
        sentences=(
            "The tuning AUROC chose the epoch and is optimistic; it is no figure of the "
            "model.",
        ),
        tables=(fact_table("Recipe", facts),),
    )


def _host(host: dict[str, str]) -> str:
    return f"{host.get('processors', '?')} processors, {host.get('system', '?')}"


def _environment(source: CardSource) -> Section:
    stages = Table(
        caption="Stages",
        columns=("Stage", "Started", "Seconds", "Version", "Commit"),
        rows=tuple(
            (
                each.stage,
                each.started,
                f"{each.seconds:.1f}",
                each.version,
                each.commit or "installed package",
            )
            for each in source.record.stages
        ),
    )
    return Section(
        name="environment",
        title="Environment",
        sentences=(
            "Versions and device of the training, and every stage that was run.",
        ),
        tables=present(
            fact_table("Training", dict(source.card.environment)),
            fact_table(
                "Weights, SHA-256",
                {
                    f"{card.data.fold}, {name}": digest
                    for card in source.cards
                    for name, digest in card.files.items()
                },
            ),
            stages,
        ),
    )


def _people(source: CardSource) -> Section:
    names = ("developer", "license", "contact", "funding")
    return Section(
        name="people",
        title="License, contact and funding",
        sentences=(
            "Stated by the people behind the model; nothing of it was measured.",
        ),
        tables=(
            fact_table("Stated", {name: stated(source.facts, name) for name in names}),
        ),
    )
