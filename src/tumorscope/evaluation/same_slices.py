"""Whether two results speak of the very same slices."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from tumorscope.domain.errors import DataError
from tumorscope.domain.grouping import GROUPING_WORDS, Grouping
from tumorscope.domain.predictions import Predictions
from tumorscope.evaluation.evaluated import PART_WORDS

MAX_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One model's scores, as they were left by `evaluate`.

    Attributes:
        name: Its name in the report; unique.
        kind: Where the scores come from, in words, e.g. "run" or "cv protocol".
        repeats: One testing of the slices, or several.
        grouping: What `group` holds.
        pixel_digest: Digest of each slice's decoded pixels by image and frame, a table of
            the columns image, frame, pixel_digest; None where the source kept none.
    """

    name: str
    kind: str
    repeats: tuple[Predictions, ...]
    grouping: Grouping
    pixel_digest: pd.DataFrame | None = None


def refuse_other_slices(
    first: Contender, table: pd.DataFrame, other: Contender, second: pd.DataFrame
) -> None:
    """Refuse results that cannot be paired slice by slice.

    Args:
        first: One result.
        table: Its tested rows, aligned.
        other: Another result.
        second: Its tested rows, aligned.

    Raises:
        DataError: Saying what differs: the part, the slices, what a group is, labels,
            patients, sites, or the pixels.
    """
    reason = (
        _other_part(table, second)
        or _other_names(first, table, other, second)
        or _other_grouping(first, other)
        or _other_facts(table, second)
        or _other_pixels(first, other)
    )
    if reason:
        raise DataError(
            f"{first.name} and {other.name} were not tested on the same slices: {reason}"
        )


def _other_part(table: pd.DataFrame, second: pd.DataFrame) -> str:
    parts = [PART_WORDS[str(each["part"].iat[0])] for each in (table, second)]
    if parts[0] == parts[1]:
        return ""
    return f"{parts[0]} against {parts[1]}; evaluate both in the same way"


def _other_names(
    first: Contender, table: pd.DataFrame, other: Contender, second: pd.DataFrame
) -> str:
    keys = ["image", "frame"]
    merged = table[keys].merge(second[keys], on=keys, how="outer", indicator=True)
    counts = merged["_merge"].value_counts()
    if counts["both"] == len(merged):
        return ""
    alone = merged.loc[merged["_merge"] != "both", "image"].iloc[:MAX_SHOWN]
    return (
        f"{counts['both']} slices are shared, {counts['left_only']} stand in "
        f"{first.name} only and {counts['right_only']} in {other.name} only (first: "
        f"{', '.join(alone)}); prepare both from one source with the same split, or "
        "compare cross-validations, which test every slice"
    )


def _other_grouping(first: Contender, other: Contender) -> str:
    if first.grouping == other.grouping:
        return ""
    words = [GROUPING_WORDS[each.grouping] for each in (first, other)]
    return f"one is {words[0]}, the other {words[1]}"


def _other_facts(table: pd.DataFrame, second: pd.DataFrame) -> str:
    for name, words in (
        ("label", "labels"),
        ("patient_id", "patients"),
        ("group", "near-duplicate groups"),
        ("site", "sites"),
    ):
        equal = (table[name] == second[name]).fillna(value=False).to_numpy(dtype=bool)
        both_blank = (table[name].isna() & second[name].isna()).to_numpy(dtype=bool)
        same = equal | both_blank
        if not same.all():
            shown = ", ".join(table.loc[~same, "image"].iloc[:MAX_SHOWN])
            return (
                f"the {words} of {int((~same).sum())} of {len(same)} slices differ "
                f"(first: {shown}); import one source for both"
            )
    return ""


def _other_pixels(first: Contender, other: Contender) -> str:
    if first.pixel_digest is None or other.pixel_digest is None:
        return ""
    keys = ["image", "frame"]
    merged = first.pixel_digest.merge(other.pixel_digest, on=keys)
    differ = merged["pixel_digest_x"] != merged["pixel_digest_y"]
    if not differ.any():
        return ""
    shown = ", ".join(merged.loc[differ, "image"].iloc[:MAX_SHOWN])
    return f"{int(differ.sum())} slices of the same name hold other pixels (first: {shown})"
