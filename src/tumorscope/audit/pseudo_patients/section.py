"""Pseudo-patients on a page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from tumorscope.audit.pseudo_patients.agreement import Agreement
from tumorscope.audit.pseudo_patients.finding import PseudoPatients
from tumorscope.audit.pseudo_patients.judging import (
    GATE,
    PseudoPatientReport,
    pseudo_patients_gate,
)
from tumorscope.pages.limit import Limit
from tumorscope.pages.numbers import format_count, format_number, format_share
from tumorscope.pages.picture import Picture
from tumorscope.pages.plot import Plot
from tumorscope.pages.section import Section, Status, Table
from tumorscope.pages.svg import MODEL, draw_inline_svg

_SIZE_IN = (4.3, 4.0)
_MAX_POINTS = 4000
_LAGS = 10
_MIN_LAG_SHARE = 0.02


def pseudo_patients_section(
    report: PseudoPatientReport, pictures: Sequence[Picture] = ()
) -> Section:
    """Draw which slices seem to come from one head, and what the split does to them.

    Args:
        report: Pseudo-patients, and the split's verdict.
        pictures: Contact sheets of some of them, see `draw_contact_sheet`.
    """
    gate = pseudo_patients_gate(report)
    status: Status = "failed" if gate.has_failed else "passed"
    found = report.found
    tables = [_size_table(found)] if len(found.sizes) else []
    if report.agreement is not None:
        tables.append(_agreement_table(report.agreement))
    return Section(
        name=GATE,
        title="Pseudo-patients",
        status=status if gate.is_assessed else "cannot be assessed",
        sentences=(gate.sentence, _found_sentence(found), _order_sentence(found)),
        limits=() if report.has_patients else (_limit(found),),
        tables=tuple(tables),
        plots=(_dot_plot(found),) if len(found.link_places) else (),
        pictures=tuple(pictures),
        is_folded=report.has_patients,
    )


def _found_sentence(found: PseudoPatients) -> str:
    unassigned = int((~found.is_assigned).sum())
    text = (
        f"{format_count(len(found.sizes))} groups of {format_count(len(found))} slices "
        "seem to come from one head each, judged by pixels and by the order of the files, "
        "without labels. Two heads that look alike may share a group; that costs groups, "
        "not honesty."
    )
    if unassigned:
        text += (
            f" {format_count(unassigned)} slices "
            f"({format_share(unassigned / len(found))}) could belong to any head, most "
            "often because hardly any brain is in the picture."
        )
    return text


def _order_sentence(found: PseudoPatients) -> str:
    order = found.order
    shares = (
        f"{format_share(order.supported_share)} of {format_count(order.close_pairs)} "
        f"close pairs have {order.min_support} or more others next to them in the order "
        f"of the files, against {format_share(order.chance_share)} in a shuffled order"
    )
    if order.is_informative:
        return f"The order of the files tells heads apart and was used: {shares}."
    return f"The order of the files was not used: {shares}."


def _limit(found: PseudoPatients) -> Limit:
    capped = int(found.is_capped.sum())
    text = (
        "Groups come from look and file order. A head may be torn into two groups, and "
        "nothing in the set can prove that none is."
    )
    if capped:
        text += (
            f" {format_count(capped)} slices stand in groups that were kept from growing "
            "by the largest plausible number of slices of one head."
        )
    return Limit(lead="Pseudo-patients are no patients", text=text)


def _size_table(found: PseudoPatients) -> Table:
    sizes = found.sizes
    low, middle, high = np.percentile(sizes, (5, 50, 95))
    return Table(
        caption=(
            f"Pseudo-patients of {format_count(int(sizes.sum()))} assigned slices"
        ),
        columns=(
            "Groups",
            "Smallest",
            "5 %",
            "Median",
            "95 %",
            "Largest",
            "Unassigned",
        ),
        rows=(
            (
                len(sizes),
                int(sizes[-1]),
                format_number(float(low), 0),
                format_number(float(middle), 0),
                format_number(float(high), 0),
                int(sizes[0]),
                int((~found.is_assigned).sum()),
            ),
        ),
    )


def _agreement_table(agreement: Agreement) -> Table:
    return Table(
        caption=(
            f"Groups beside {agreement.patients} known patients, "
            f"{format_count(agreement.slices)} slices, {agreement.dealings} random "
            "dealings of whole groups"
        ),
        columns=("Figure", "Value"),
        rows=(
            ("Groups", agreement.groups),
            (
                "Pairs in one group that are of one patient",
                _share(agreement.pair_precision),
            ),
            (
                "Pairs of one patient that are in one group",
                _share(agreement.pair_recall),
            ),
            (
                "Test slices whose patient is also in training",
                f"{_share(agreement.leaked_share)} (95 % of dealings: "
                f"{_share(agreement.leaked_low)} to {_share(agreement.leaked_high)})",
            ),
            (
                "Share of a test slice's patient that is in training",
                _share(agreement.seen_share),
            ),
        ),
    )


def _share(value: float) -> str:
    return format_number(value, 3)


def _dot_plot(found: PseudoPatients) -> Plot:
    places = found.link_places
    step = -(-len(places) // _MAX_POINTS)
    shown = places[::step]

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.plot(
            shown[:, 0],
            shown[:, 1],
            linestyle="",
            marker=".",
            markersize=2,
            color=MODEL,
        )
        axes.set_xlabel("earlier file")
        axes.set_ylabel("later file")
        axes.set_xlim(0, len(found))
        axes.set_ylim(0, len(found))

    lags, counts = common_lags(found)
    return Plot(
        name="pseudo-patient-links",
        title="Where linked slices stand in the order of the files",
        svg=draw_inline_svg(
            paint,
            name="pseudo-patient-links",
            alt=(
                f"{len(shown)} links between slices, each a point at the places of its "
                "two files. Points along the diagonal are runs of one head; further lines "
                "are passes over the same heads."
            ),
            size_in=_SIZE_IN,
        ),
        caption=(
            "Points along the diagonal: slices of one head follow each other. A second "
            "line: the same heads come again further on. Points all over: no order."
        ),
        columns=("Files apart, from", "to below", "Links", "Share of links"),
        rows=tuple(
            (low, high, count, format_share(count / len(places)))
            for (low, high), count in zip(lags, counts, strict=True)
        ),
    )


def common_lags(
    found: PseudoPatients,
) -> tuple[tuple[tuple[int, int], ...], tuple[int, ...]]:
    """Return how far apart in the order of the files linked slices stand.

    Args:
        found: Pseudo-patients with at least one link.

    Returns:
        Up to ten ranges of distances in files, from and to below, each a thirty-second of
        the set wide, with 2 % of the links or more; and the links in each.
    """
    apart = found.link_places[:, 1] - found.link_places[:, 0]
    width = max(2, len(found) // 32)
    counts = np.bincount(apart // width)
    common = np.argsort(-counts, kind="stable")[:_LAGS]
    kept = np.sort(common[counts[common] >= _MIN_LAG_SHARE * len(apart)])
    ranges = tuple((int(k * width), int((k + 1) * width)) for k in kept)
    return ranges, tuple(int(counts[k]) for k in kept)
