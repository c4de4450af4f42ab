"""What only people know of a model: who made it, under which license, whom to ask."""

from __future__ import annotations

from pydantic import AliasChoices, Field

from tumorscope.domain.spec import Spec


class CardFacts(Spec):
    """Facts for a model card that no run can measure; what is empty is said to be missing."""

    developer: str = ""
    """Persons or institution that made the model."""
    license: str = Field(
        default="", validation_alias=AliasChoices("license", "licence")
    )
    """License of the weights; `licence` is read too."""
    contact: str = ""
    """Where questions and reports of failures go."""
    funding: str = ""
    """Who paid, and what part the funder had."""
    ethics: str = ""
    """Approval and consent under which the images may be used."""
