"""How copies of slices are searched."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tumorscope.domain.spec import Spec

Correlation = Annotated[float, Field(ge=0.0, le=1.0)]


class CopySpec(Spec):
    """How changed copies of slices are searched, and what counts as one.

    The thresholds were chosen on phantom slices only (`benchmarks/audit_copies.py`).
    """

    min_similarity: Correlation = 0.75
    """Smallest similarity of two descriptors for a pair to be looked at, in [0, 1]."""
    candidates_per_slice: Annotated[int, Field(ge=1, le=1000)] = 24
    """Most similar slices that are looked at for each slice."""
    probes: Annotated[int, Field(ge=1, le=10_000)] = 12
    """Cells of the index that each query looks into; more finds more and takes longer."""
    min_correlation: Correlation = 0.85
    """Correlation of two aligned pictures below which a pair is given up early."""
    min_agreement: Correlation = 0.92
    """Smallest agreement of two aligned pictures that makes them copies: the correlation
    of fine detail that four fifths of the picture's parts reach. Slices next to each other
    in one head stay below it, unless they are closer than about 2 mm."""
    pictures: Annotated[int, Field(ge=0, le=50)] = 6
    """Pairs of each kind of finding that the page shows."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the index."""
