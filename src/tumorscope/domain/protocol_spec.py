"""How training and testing are repeated over folds: settings, and what was asked for."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from tumorscope.domain.spec import Spec
from tumorscope.domain.specs import RunSpec

ProtocolName = Literal["cv", "nested-cv", "leave-site-out"]
PROTOCOL_NAMES: tuple[str, ...] = get_args(ProtocolName)
PROTOCOL_WORDS: dict[ProtocolName, str] = {
    "cv": "Repeated cross-validation by patient",
    "nested-cv": "Nested, repeated cross-validation by patient",
    "leave-site-out": "Leave one site out",
}
REQUEST_FORMAT = 1


class ProtocolSpec(Spec):
    """How often, and with how many folds, a run is trained and tested anew."""

    repeats: Annotated[int, Field(ge=1, le=100)] = 5
    """Cross-validations, each with patients dealt anew."""
    folds: Annotated[int, Field(ge=2, le=50)] = 5
    """Folds of each cross-validation; every slice is tested once in each repeat."""
    inner_folds: Annotated[int, Field(ge=2, le=20)] = 3
    """`nested-cv`: folds inside the training patients of a fold, on which the candidate
    settings are compared."""
    site_repeats: Annotated[int, Field(ge=1, le=100)] = 1
    """`leave-site-out`: repeats. The test parts are the sites and stay the same; the
    tuning patients and the seed of the training differ."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the first repeat; repeat k deals patients with seed + k, and adds k to
    `train.seed`."""

    def repeats_of(self, name: ProtocolName) -> int:
        """Return how often a protocol is repeated."""
        return self.site_repeats if name == "leave-site-out" else self.repeats


class ProtocolRequest(Spec):
    """What a protocol was started with: `request.json`. Going on takes the same."""

    format: int = REQUEST_FORMAT
    """Version of this layout."""
    name: ProtocolName
    """Which protocol."""
    settings: ProtocolSpec
    """Repeats, folds and seed."""
    candidates: tuple[str, ...] = ()
    """`nested-cv`: settings that are compared, each as it was given."""
    run: RunSpec
    """Settings of the run that the repeats were made from."""
    manifest_digest: str
    """SHA-256 of the manifest."""


class CandidateChoice(Spec):
    """Which candidate the inner folds of one outer fold chose."""

    repeat: int
    """Repeat, from 0."""
    fold: str
    """Outer fold."""
    chosen: int
    """Place of the candidate in the list, from 0."""
    inner_tune_aurocs: tuple[tuple[float, ...], ...]
    """For each candidate the tuning AUROC of each inner fold."""
