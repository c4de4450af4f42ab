"""How slices of one head are linked where no patient id exists."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tumorscope.domain.spec import Spec

Distance = Annotated[float, Field(gt=0)]


class PseudoPatientSpec(Spec):
    """How slices that seem to come from one head are linked to pseudo-patients.

    A distance of 1 is that of two slices that are among each other's three nearest ones,
    learned from the set itself; see `docs/pseudo_patients.md` for what was measured.
    """

    grouping: Literal["auto", "pseudo-patients", "near-duplicates"] = "auto"
    """What a set without patient ids is split by. `auto`: pseudo-patients in a set of at
    least `min_set_slices` slices, near-duplicates in a smaller one."""
    min_set_slices: Annotated[int, Field(ge=2)] = 500
    """Slices from which on `auto` trusts distances learned from the set, at least 2."""
    leave_out_unassigned: bool = True
    """Leave slices that belong to no pseudo-patient out of a run: each could belong to
    any head, on any side of the split."""
    max_left_out_share: Annotated[float, Field(ge=0, lt=1)] = 0.15
    """Largest share of a set that is left out so, in [0, 1); beyond it all slices stay."""
    neighbors: Annotated[int, Field(ge=3, le=100)] = 15
    """Nearest slices that each slice is compared with, from 3 to 100."""
    strong_distance: Distance = 1.16
    """Below this, one link joins two groups of any size."""
    joint_distance: Distance = 1.5
    """Below this, two links with different ends, both supported by the file order, join
    two groups of any size."""
    step_chance: Annotated[float, Field(gt=0, lt=0.5)] = 0.1
    """Where the file order tells heads apart, a slice and that of the next file join two
    groups if they are closer than all but this share of random pairs, in (0, 0.5)."""
    max_joined_share: Annotated[float, Field(ge=0, lt=1)] = 0.02
    """Where the file order tells heads apart, groups that meet in it at several places
    are joined up to this share of the set, in [0, 1)."""
    stray_distance: Distance = 1.5
    """Below this, a small group joins its nearest one, where the order tells nothing."""
    ordered_stray_distance: Distance = 4.0
    """Below this, a small group joins its nearest one, where the order tells heads
    apart."""
    copy_distance: Annotated[float, Field(ge=0)] = 0.35
    """Below this, two slices are nearly the same picture and need no support."""
    small_group: Annotated[int, Field(ge=1)] = 8
    """Slices up to which a group counts as small, at least 1."""
    min_group_slices: Annotated[int, Field(ge=1)] = 4
    """Slices that a pseudo-patient has at least; what stays below is unassigned."""
    max_group_slices: Annotated[int, Field(ge=2)] = 100
    """Slices that one head plausibly has at most; links that would make a larger group
    are not followed."""
    order_window: Annotated[int, Field(ge=2, le=50)] = 6
    """Two links support each other when both their ends lie at most this many files
    apart, from 2 to 50."""
    min_supported_share: Annotated[float, Field(gt=0, le=1)] = 0.3
    """The file order tells heads apart when at least this share of the close links is
    supported, in (0, 1]."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the shuffled file order that support is compared with."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_group_slices > self.max_group_slices:
            raise ValueError("min_group_slices must not be above max_group_slices")
        return self
