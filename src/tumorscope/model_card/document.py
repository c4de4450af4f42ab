"""A model card as a page: limits first, then what was measured, then the checklists."""

from __future__ import annotations

from dataclasses import dataclass

from tumorscope.model_card.checklist import FilledChecklist
from tumorscope.model_card.checklist_section import checklist_section
from tumorscope.model_card.description import closing_sections, describing_sections
from tumorscope.model_card.item_answers import fill_checklists
from tumorscope.model_card.limits import card_limits
from tumorscope.model_card.results import headline, result_sections
from tumorscope.model_card.source import CardSource
from tumorscope.pages.page import PageHead
from tumorscope.pages.section import Section


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """A card, ready to be drawn as HTML or Markdown.

    Attributes:
        head: Title, limits and the few figures that matter most.
        sections: The card itself.
        checklists: The filled checklists.
    """

    head: PageHead
    sections: tuple[Section, ...]
    checklists: tuple[FilledChecklist, ...]

    @property
    def checklist_sections(self) -> tuple[Section, ...]:
        """One section for each checklist, in the same order."""
        return tuple(checklist_section(each) for each in self.checklists)


def compose_card(source: CardSource, *, created: str, version: str) -> ModelCard:
    """Fill a model card and the checklists from what a run holds.

    Args:
        source: What the run knows.
        created: ISO 8601 time with zone.
        version: Version of tumorscope that writes the card.

    Returns:
        The card; what was not measured names the command that measures it.

    References:
        Mitchell et al. (2019), Model cards for model reporting, FAT*; Gebru et al. (2021),
        Datasheets for datasets, Communications of the ACM 64(12).
    """
    head = PageHead(
        title=f"Model card: {source.record.name}",
        lede=(
            f"{source.card.architecture}, {len(source.cards)} "
            f"{'networks' if len(source.cards) > 1 else 'network'}, trained on "
            f"{source.record.importer}"
        ),
        created=created,
        version=version,
        unit=source.unit,
        limits_title="Read these first",
        limits=card_limits(source),
        headline=headline(source),
    )
    return ModelCard(
        head=head,
        sections=(
            *describing_sections(source),
            *result_sections(source),
            *closing_sections(source),
        ),
        checklists=fill_checklists(source),
    )
