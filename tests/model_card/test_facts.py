"""What only people know of a model."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tumorscope.model_card.facts import CardFacts


@pytest.mark.parametrize("key", ["license", "licence"])
def test_both_spellings_of_license_are_read(key):
    """A British spelling is no error."""
    facts = CardFacts.model_validate({key: "MIT"})

    assert facts.license == "MIT"


def test_unknown_fact_is_refused():
    """A misspelled key never vanishes silently."""
    with pytest.raises(ValidationError, match="licens"):
        CardFacts.model_validate({"licens": "MIT"})
