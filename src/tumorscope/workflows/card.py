"""Run -> model_card.md, model_card.html and the filled reporting checklists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tumorscope.domain.card import RESEARCH_USE
from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.io.artifacts import read_json
from tumorscope.io.bundle import read_card
from tumorscope.io.whole_files import write_text
from tumorscope.model_card.cohort import describe_cohort
from tumorscope.model_card.document import ModelCard, compose_card
from tumorscope.model_card.facts import CardFacts
from tumorscope.model_card.markdown import render_markdown
from tumorscope.model_card.source import CardSource
from tumorscope.pages.page import render_page
from tumorscope.workflows.audit_record import read_audit
from tumorscope.workflows.fairness import FAIRNESS_JSON
from tumorscope.workflows.protocols_layout import PROTOCOL_JSON, PROTOCOLS
from tumorscope.workflows.recording import library_versions, now
from tumorscope.workflows.run_folder import EXPLANATIONS, REPORT_JSON, Run, open_run
from tumorscope.workflows.settings import read_settings

CARD_MD, CARD_HTML = "model_card.md", "model_card.html"
ROBUSTNESS_JSON, EXTERNALS = "robustness.json", "external-*"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenCard:
    """Where a card is, and what it says in short.

    Attributes:
        markdown: The card as Markdown.
        html: The card and the checklists as a page.
        checklists: The checklists as Markdown.
        card: The values.
        summary: A few lines for a terminal.
    """

    markdown: Path
    html: Path
    checklists: tuple[Path, ...]
    card: ModelCard
    summary: str


def write_card(
    folder: Path, *, out: Path | None = None, facts: Path | None = None
) -> WrittenCard:
    """Write the model card and the checklists of a trained run.

    Nothing is measured here: every figure is read from what other commands left in the
    run, and what they did not leave is named with its command.

    Args:
        folder: A trained run; it is not changed where `out` is another folder.
        out: Folder for the files; None takes the run's own. An earlier card is replaced.
        facts: TOML file with what only people know; see `CardFacts`.

    Returns:
        The card, also left as four files.

    Raises:
        ConfigError: If `folder` is no run, `out` is a file, or a fact is unknown.
        BundleError: If a fold was not trained.
        DataError: If a file of the run is damaged or belongs to other data.
    """
    stated = read_settings(CardFacts, file=facts, assignments=())
    source = read_source(folder)
    card = compose_card(
        replace(source, facts=stated),
        created=now(),
        version=library_versions()["tumorscope"],
    )
    return _write(_target(folder, out), card)


def read_source(folder: Path) -> CardSource:
    """Read all that a model card is filled from.

    Args:
        folder: A trained run.

    Raises:
        ConfigError: If it is no run.
        BundleError: If a fold was not trained.
        DataError: If a file is damaged or belongs to other data.
    """
    run = open_run(folder)
    folds = range(len(run.split.fold_names))
    return CardSource(
        record=run.record,
        cards=tuple(read_card(run.bundle_folder(fold)) for fold in folds),
        cohort=describe_cohort(run.manifest, run.split, run.owners()),
        audit=read_audit(run),
        report=_read_report(folder / REPORT_JSON),
        externals={
            path.parent.name: report
            for path in sorted(folder.glob(f"{EXTERNALS}/{REPORT_JSON}"))
            if (report := _read_report(path)) is not None
        },
        fairness=_read_own(run, folder / FAIRNESS_JSON),
        robustness=_read_own(run, folder / ROBUSTNESS_JSON),
        explanations={
            path.stem: _read_object(path)
            for path in sorted((folder / EXPLANATIONS).glob("*.json"))
        },
        protocols={
            path.parent.name: _read_protocol(run, path)
            for path in sorted((folder / PROTOCOLS).glob(f"*/{PROTOCOL_JSON}"))
        },
    )


def _read_report(path: Path) -> Mapping[str, Any] | None:
    if not path.is_file():
        return None
    content = _read_object(path)
    if content.get("kind") != "tumorscope-evaluation":
        raise DataError(f"{path}: not a report of `tumorscope evaluate`; run it again")
    return content


def _read_own(run: Run, path: Path) -> Mapping[str, Any] | None:
    if not path.is_file():
        return None
    content = _read_object(path)
    _refuse_other_data(run, path, content)
    return content


def _read_protocol(run: Run, path: Path) -> Mapping[str, Any]:
    content = _read_object(path)
    _refuse_other_data(run, path, content["request"])
    return content


def _refuse_other_data(run: Run, path: Path, named: Mapping[str, Any]) -> None:
    """Refuse a file that names another manifest than the run's."""
    if named.get("manifest_digest", run.manifest.digest) != run.manifest.digest:
        raise DataError(
            f"{path}: belongs to another manifest than {run.folder}: measure again, or "
            "remove it"
        )


def _read_object(path: Path) -> Mapping[str, Any]:
    content = read_json(path)
    if not isinstance(content, dict):
        raise DataError(f"{path}: damaged: it holds no JSON object; make it again")
    return content


def _target(folder: Path, out: Path | None) -> Path:
    target = out or folder
    if target.exists() and not target.is_dir():
        raise ConfigError(f"{target}: is a file; --out is a folder for the card")
    target.mkdir(parents=True, exist_ok=True)
    return target


def _write(target: Path, card: ModelCard) -> WrittenCard:
    checklists = []
    pairs = zip(card.checklists, card.checklist_sections, strict=True)
    for filled, section in pairs:
        path = target / f"{filled.checklist.key}.md"
        title = f"{filled.checklist.title} of {card.head.title.removeprefix('Model card: ')}"
        head = replace(card.head, title=title, limits=())
        write_text(path, render_markdown(head, (section,)))
        checklists.append(path)
    write_text(target / CARD_MD, render_markdown(card.head, card.sections))
    page = render_page(card.head, (*card.sections, *card.checklist_sections))
    write_text(target / CARD_HTML, page)
    limits = [f"  {limit.lead}: {limit.text}" for limit in card.head.limits]
    counts = [filled.summary for filled in card.checklists]
    return WrittenCard(
        markdown=target / CARD_MD,
        html=target / CARD_HTML,
        checklists=tuple(checklists),
        card=card,
        summary="\n".join([card.head.title, *limits, *counts, RESEARCH_USE]),
    )
