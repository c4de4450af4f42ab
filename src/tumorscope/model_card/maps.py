"""Explanations on a card: where maps point, and whether they are to be trusted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.model_card.blocks import figure_table, missing_section, present
from tumorscope.model_card.figures import JsonObject, named_figures, read_estimate
from tumorscope.model_card.source import CardSource
from tumorscope.pages.numbers import format_estimate
from tumorscope.pages.section import Section, Table

LOCALIZATION, QUALITY = "localization", "quality"
TRIVIAL = ("brightness", "asymmetry", "center")
"""Names of the maps that look at no model."""
RANDOMIZED = "randomi"
"""Part of the name of each figure of the weight-randomization check."""
_QUALITY_COLUMNS = {
    "randomized_rank_correlation": "Mean |rho| with re-initialized weights",
    "noise_ssim": "SSIM under small noise",
    "precision": "Precision of the highlighted area",
    "mass_outside_brain": "Share outside the brain",
    "highlighted_on_tumor_free": "Share of the brain highlighted, tumor-free slices",
    "deletion": "Deletion area",
}
"""Figures of `quality.json` that a card shows; the report has all of them."""


def maps_section(source: CardSource) -> Section:
    """Draw how well maps mark the lesion, and say whether that can be trusted."""
    name, title = "explanations", "Explanations"
    if not source.explanations:
        return missing_section(name, title, "explain RUN")
    scores = source.explanations.get(LOCALIZATION, {})
    sentences = [
        "A map shows pixels that moved the score; it is no segmentation.",
        *_beside_trivial(scores),
        *_trust(source),
    ]
    others = [
        (label, estimate)
        for file, content in source.explanations.items()
        if file != LOCALIZATION and not (file == QUALITY and _quality_methods(source))
        for label, estimate in named_figures(content)
    ]
    return Section(
        name=name,
        title=title,
        sentences=tuple(sentences),
        tables=present(
            _localization(scores),
            _quality(source),
            figure_table("Other figures of the maps", others),
        ),
    )


def randomization_figures(source: CardSource) -> list[tuple[str, MetricEstimate]]:
    """Return what the weight-randomization check found; empty where it found nothing."""
    return [
        (label, estimate)
        for content in source.explanations.values()
        for label, estimate in named_figures(content)
        if RANDOMIZED in label.lower() and not estimate.reason
    ]


def _trust(source: CardSource) -> Iterator[str]:
    if not randomization_figures(source):
        yield (
            "Whether the maps depend on what the network learned was not measured (no "
            "weight-randomization check): they are not to be trusted as reasons for a "
            "score."
        )
        return
    failed, passed = (
        [
            str(each["method"]).replace("_", " ")
            for each in _quality_methods(source)
            if each.get("verdict") == verdict
        ]
        for verdict in ("failed", "passed")
    )
    if failed:
        yield (
            f"Not to be trusted: {', '.join(failed)}. The maps stay too much alike when "
            "all weights are drawn anew (weight-randomization check)."
        )
    if passed:
        yield f"Passed the weight-randomization check: {', '.join(passed)}."
    if not failed and not passed:
        yield (
            "The table below has the weight-randomization check. A method whose maps "
            "stay alike when all weights are drawn anew is not to be trusted."
        )


def _quality_methods(source: CardSource) -> Sequence[JsonObject]:
    report = source.explanations.get(QUALITY, {}).get("report") or {}
    found: Sequence[JsonObject] = report.get("methods") or ()
    return found


def _quality(source: CardSource) -> Table | None:
    methods = _quality_methods(source)
    if not methods:
        return None
    rows = []
    for each in methods:
        figures = {one["name"]: one for one in each["figures"]}
        cells = (read_estimate(figures[name]) for name in _QUALITY_COLUMNS)
        rows.append((each["method"], each["verdict"], *cells))
    return Table(
        caption="Quality of the maps",
        columns=("Map", "Weight-randomization check", *_QUALITY_COLUMNS.values()),
        rows=tuple(rows),
    )


def _beside_trivial(scores: JsonObject) -> Iterator[str]:
    if scores.get("reason"):
        yield f"Localization cannot be assessed: {scores['reason']}."
    found = [
        (each["method"], _figure(each, "pointing"))
        for each in scores.get("methods", ())
    ]
    known = [each for each in found if not each[1].reason]
    trivial = [each for each in known if each[0] in TRIVIAL]
    own = [each for each in known if each not in trivial]
    if own and trivial:
        best, floor = (max(kind, key=_pointing) for kind in (own, trivial))
        word = "above" if best[1].value > floor[1].value else "not above"
        yield (
            f"The best method ({best[0]}) points into the lesion in "
            f"{format_estimate(best[1])} of tumor slices, {word} the trivial map "
            f"“{floor[0]}” with {format_estimate(floor[1])}."
        )


def _pointing(found: tuple[str, MetricEstimate]) -> float:
    return found[1].value


def _figure(method: JsonObject, name: str) -> MetricEstimate:
    counts = {key: method[key] for key in ("n_slices", "n_patients")}
    return read_estimate(method[name], name=name, **counts)


def _localization(scores: JsonObject) -> Table | None:
    rows = tuple(
        (each["method"], _figure(each, "pointing"), _figure(each, "dice"), each["rule"])
        for each in scores.get("methods", ())
    )
    if not rows:
        return None
    return Table(
        caption="Where the maps point, on every tumor slice with a mask",
        columns=("Map", "Pointing game", "Dice, largest component", "Made binary by"),
        rows=rows,
    )
