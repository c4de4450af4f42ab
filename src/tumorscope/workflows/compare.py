"""Evaluated runs, external results or protocols -> their paired differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tumorscope.domain.card import RESEARCH_USE
from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.grouping import GROUPING_WORDS, Grouping
from tumorscope.domain.json_values import to_json_value
from tumorscope.domain.protocol_spec import PROTOCOL_WORDS
from tumorscope.domain.specs import RunSpec
from tumorscope.evaluation.comparison_sections import (
    comparison_limits,
    comparison_sections,
    describe_difference,
)
from tumorscope.evaluation.metric_family import FAMILY
from tumorscope.evaluation.run_comparison import RunComparison, compare_runs
from tumorscope.evaluation.same_slices import Contender
from tumorscope.io.artifacts import read_json, read_manifest, read_predictions
from tumorscope.io.whole_files import write_json, write_text
from tumorscope.pages.page import PageHead, render_page
from tumorscope.workflows.protocols_layout import PROTOCOL_JSON, REQUEST, read_request
from tumorscope.workflows.protocols_results import read_repeats
from tumorscope.workflows.recording import RECORD, library_versions, now
from tumorscope.workflows.run_folder import (
    MANIFEST,
    PREDICTIONS,
    REPORT_JSON,
    open_run,
)
from tumorscope.workflows.settings import change_section

COMPARE_JSON, COMPARE_HTML = "compare.json", "compare.html"
COMPARE_VERSION = 1
_PIXELS = ["image", "frame", "pixel_digest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenComparison:
    """Where a comparison is, and what it says in short.

    Attributes:
        html: The page.
        json: The same numbers.
        comparison: The values.
        summary: A table for a terminal.
    """

    html: Path
    json: Path
    comparison: RunComparison
    summary: str


def compare(
    folders: Sequence[Path],
    *,
    out: Path | None = None,
    assignments: Sequence[str] = (),
) -> WrittenComparison:
    """Compare results with the first one, on the same slices and the same draws.

    Args:
        folders: At least two: evaluated runs, folders of external testing, or finished
            protocols (`RUN/protocols/NAME`).
        out: Folder for the result; None makes `compare-A-B` beside the first.
        assignments: Changes of settings, each `evaluate.key=value`; others than those of
            the draws have no effect here.

    Returns:
        The comparison, also left in `out`.

    Raises:
        ConfigError: If a folder holds no result, or one is named twice.
        DataError: If the results are not of the same slices.
    """
    spec = change_section(RunSpec(), "evaluate", assignments).evaluate
    names = name_results(folders)
    contenders = [
        read_contender(folder, name)
        for folder, name in zip(folders, names, strict=True)
    ]
    comparison = compare_runs(contenders, spec)
    target = out or _beside(folders[0], names)
    target.mkdir(parents=True, exist_ok=True)
    return _write(target, comparison)


def name_results(folders: Sequence[Path]) -> list[str]:
    """Return the shortest ends of the paths that tell the results apart.

    Raises:
        ConfigError: If a folder is named twice.
    """
    parts = [folder.resolve().parts for folder in folders]
    if len(set(parts)) < len(parts):
        raise ConfigError("compare: one folder is named twice; name different results")
    for length in range(1, max(map(len, parts)) + 1):
        names = ["/".join(each[-length:]) for each in parts]
        if len(set(names)) == len(names):
            return names
    return [str(folder) for folder in folders]


def read_contender(folder: Path, name: str) -> Contender:
    """Read the scores of a run, of external testing, or of a protocol.

    Args:
        folder: Where they are.
        name: How the result is named in the report.

    Raises:
        ConfigError: If the folder holds none.
        DataError: If files are damaged or do not belong together.
    """
    if (folder / PROTOCOL_JSON).is_file():
        return _read_protocol(folder, name)
    if (folder / PREDICTIONS).is_file() and (folder / RECORD).is_file():
        run = open_run(folder)
        return Contender(
            name=name,
            kind="run",
            repeats=(read_predictions(folder / PREDICTIONS),),
            grouping=run.split.grouping,
            pixel_digest=run.manifest.table[_PIXELS],
        )
    if (folder / PREDICTIONS).is_file() and (folder / REPORT_JSON).is_file():
        return Contender(
            name=name,
            kind="external testing",
            repeats=(read_predictions(folder / PREDICTIONS),),
            grouping=_grouping(folder / REPORT_JSON, read_json(folder / REPORT_JSON)),
        )
    raise ConfigError(
        f"{folder}: holds no scores to compare: name a run after `tumorscope evaluate`, "
        "a folder of external testing, or RUN/protocols/NAME of a finished protocol"
    )


def _read_protocol(folder: Path, name: str) -> Contender:
    request = read_request(folder / REQUEST)
    manifest = read_manifest(folder.resolve().parent.parent / MANIFEST)
    if manifest.digest != request.manifest_digest:
        raise DataError(
            f"{folder}: belongs to another manifest than the run it lies in; run the "
            "protocol again"
        )
    content = read_json(folder / PROTOCOL_JSON)
    numbers = range(request.settings.repeats_of(request.name))
    return Contender(
        name=name,
        kind=PROTOCOL_WORDS[request.name].lower(),
        repeats=tuple(read_repeats(folder, numbers)),
        grouping=_grouping(folder / PROTOCOL_JSON, content.get("report", {})),
        pixel_digest=manifest.table[_PIXELS],
    )


def _grouping(path: Path, content: dict[str, object]) -> Grouping:
    found = content.get("grouping")
    for known in GROUPING_WORDS:
        if found == known:
            return known
    raise DataError(f"{path}: does not say what was kept together; evaluate again")


def _beside(first: Path, names: Sequence[str]) -> Path:
    joined = "-".join(name.replace("/", "-") for name in names)
    return first.resolve().parent / f"compare-{joined}"


def _write(folder: Path, comparison: RunComparison) -> WrittenComparison:
    created, version = now(), library_versions()["tumorscope"]
    content = {
        "kind": "tumorscope-comparison",
        "version": COMPARE_VERSION,
        "notice": RESEARCH_USE,
        "created": created,
        "tumorscope_version": version,
        "grouping_words": GROUPING_WORDS[comparison.grouping],
        "comparison": to_json_value(comparison),
    }
    names = [each.name for each in comparison.contenders]
    head = PageHead(
        title=f"Comparison: {' and '.join(names)}",
        lede=_lede(comparison),
        created=created,
        version=version,
        unit=comparison.unit,
        limits=comparison_limits(comparison),
    )
    html, json = folder / COMPARE_HTML, folder / COMPARE_JSON
    write_text(html, render_page(head, comparison_sections(comparison)))
    write_json(json, content)
    return WrittenComparison(
        html=html, json=json, comparison=comparison, summary=_summary(comparison)
    )


def _lede(comparison: RunComparison) -> str:
    return (
        f"{comparison.testing}, {GROUPING_WORDS[comparison.grouping]}: the same "
        f"{comparison.n_slices} slices of {comparison.n_patients} {comparison.unit}"
    )


def _summary(comparison: RunComparison) -> str:
    first, *others = comparison.contenders
    lines = [_lede(comparison)]
    for other in others:
        lines.append(f"{other.name} compared with {first.name}:")
        for each in comparison.differences:
            if each.contender == other.name:
                p = f"p {each.p_holm:.3f} (Holm)" if not each.estimate.reason else ""
                lines.append(
                    f"  {FAMILY[each.metric].label:<34}"
                    f"{first.figures[each.metric].value:>7.3f} "
                    f"{other.figures[each.metric].value:>7.3f}  "
                    f"{describe_difference(each)}  {p}".rstrip()
                )
    return "\n".join([*lines, RESEARCH_USE])
