"""A page of sections as one HTML document that asks no other host for anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tumorscope.domain.card import RESEARCH_USE
from tumorscope.pages.environment import page_environment
from tumorscope.pages.headline import HeadlineFigure
from tumorscope.pages.limit import Limit
from tumorscope.pages.section import Section


@dataclass(frozen=True, slots=True, kw_only=True)
class PageHead:
    """What stands above the sections.

    Attributes:
        title: Heading of the page.
        lede: What was looked at, in a line.
        created: ISO 8601 time with zone.
        version: Version of tumorscope.
        unit: What n counts: "patients" or "near-duplicate groups".
        limits_title: Heading of the limits.
        limits: What must be known before the numbers.
        headline: The few numbers that matter most.
    """

    title: str
    lede: str
    created: str
    version: str
    unit: str = "patients"
    limits_title: str = "Limits"
    limits: tuple[Limit, ...] = ()
    headline: tuple[HeadlineFigure, ...] = ()


def render_page(head: PageHead, sections: Sequence[Section]) -> str:
    """Lay out sections as one self-contained page.

    Args:
        head: What stands above them.
        sections: In the order of the page; their names differ.

    Returns:
        An HTML document: no script, no request to any host, pictures and plots inside.
    """
    page = page_environment().get_template("page.html.j2")
    return page.render(head=head, sections=tuple(sections), notice=RESEARCH_USE)
