"""What a report tells beside its figures: run, data, recipe, training and pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from tumorscope.domain.card import OperatingThreshold
from tumorscope.domain.errors import DataError
from tumorscope.domain.estimates import MetricEstimate
from tumorscope.domain.run_record import LeftOut
from tumorscope.pages.picture import Picture, media_type
from tumorscope.pages.section import Section


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPart:
    """One part of one fold.

    Attributes:
        fold: Name of the fold; empty where there are none.
        part: "train", "tune", "test" or "external".
        n_slices: Its slices.
        n_tumor_slices: Its slices with tumor by the reference standard.
        n_groups: Its patients, or near-duplicate groups.

    Raises:
        DataError: If there are more tumor slices than slices, or no slice at all.
    """

    fold: str
    part: str
    n_slices: int
    n_tumor_slices: int
    n_groups: int

    def __post_init__(self) -> None:
        """Refuse counts that cannot be."""
        if not 0 <= self.n_tumor_slices <= self.n_slices or self.n_slices == 0:
            raise DataError(
                f"part {self.part!r}: {self.n_tumor_slices} of {self.n_slices} slices "
                "cannot have tumor; count again"
            )

    @property
    def prevalence(self) -> float:
        """Share of slices with tumor, in [0, 1]."""
        return self.n_tumor_slices / self.n_slices


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingEpoch:
    """One row of the training log.

    Attributes:
        epoch: Number of the epoch.
        train_loss: Mean cross-entropy of the training part, in nats.
        tune_loss: The same of the tuning part.
        tune_auroc: AUROC of the tuning part; NaN where it is not defined.
        learning_rate: Step size at the end of the epoch.
    """

    epoch: int
    train_loss: float
    tune_loss: float
    tune_auroc: float
    learning_rate: float

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Read a row of the training log, for instance of `csv.DictReader`.

        Args:
            row: Holds this class's attributes as numbers or as text; others are ignored.

        Raises:
            DataError: If a column is missing or holds no number.
        """
        try:
            return cls(
                epoch=int(row["epoch"]),
                train_loss=float(row["train_loss"]),
                tune_loss=float(row["tune_loss"]),
                tune_auroc=float(row["tune_auroc"]),
                learning_rate=float(row["learning_rate"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"row {dict(row)} of the training log lacks a number: {error!r}; give "
                "the log as training wrote it"
            ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalizationRow:
    """How well one attribution or trivial map marks the lesion.

    Attributes:
        method: Name of the method.
        is_trivial: Whether it is a map that knows nothing of the model.
        rule: How the map was made binary, in words.
        pointing: Share of slices whose maximum lies in the mask.
        dice: Mean Dice of the binary map's largest component.
        verdict: Of the weight-randomization check: "passed", "failed", "no model" for a
            trivial map, else "cannot be assessed".
    """

    method: str
    is_trivial: bool
    rule: str
    pointing: MetricEstimate
    dice: MetricEstimate
    verdict: str = "cannot be assessed"

    @property
    def is_untrusted(self) -> bool:
        """Whether the check failed, or was not done, for a map of the model."""
        return not self.is_trivial and self.verdict != "passed"

    @classmethod
    def from_dict(cls, record: Mapping[str, Any], *, is_trivial: bool) -> Self:
        """Read the JSON form of a localization score.

        Args:
            record: method, rule, verdict (if checked), n_slices, n_patients, and pointing and dice as mappings
                of value, low, high, level, resampled and reason; null where a figure
                cannot be assessed.
            is_trivial: Whether the map knows nothing of the model.

        Raises:
            DataError: If a key is missing.
        """
        try:
            return cls(
                method=str(record["method"]),
                is_trivial=is_trivial,
                rule=str(record["rule"]),
                pointing=_estimate("pointing", record),
                dice=_estimate("dice", record),
                verdict=str(record.get("verdict", "cannot be assessed")),
            )
        except KeyError as error:
            raise DataError(
                f"the localization score lacks {error}: make it again with "
                "`tumorscope explain`"
            ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContext:
    """Everything on the page that is not in the `EvaluationReport`.

    Attributes:
        run_name: Name of the run.
        version: Version of tumorscope that evaluated.
        created: ISO 8601 time with zone.
        source: Importer and data set that was tested.
        manifest_digest: SHA-256 of the tested manifest.
        is_phantom: Whether the tested scans are synthetic.
        parts: The parts of every fold, in the order of the page.
        notes: Limits that the importer knows of, one sentence each.
        warnings: Further limits, one sentence each.
        left_out: Files that were skipped.
        thresholds: The tuned threshold of each fold, by the fold's name.
        recipe: Name and value of each setting worth showing, in the order of the page.
        environment: Name and value of versions, device and host.
        history: The training log of each fold, by the fold's name; empty where the model
            was trained elsewhere.
        pictures: PNG or JPEG of a slice, by `SliceError.row`; an error without one is listed
            without picture.
        overlays: Explanation overlays, in the order of the page.
        localization: Scores of attributions and of trivial maps; empty without masks.
        localization_reason: Why there are no such scores; shown if `localization` is
            empty.
        sections: Further parts of the page, each behind a heading of its own.

    Raises:
        DataError: If a picture is no PNG, or `created` is no ISO 8601 time with zone.
    """

    run_name: str
    version: str
    created: str
    source: str
    manifest_digest: str
    is_phantom: bool = False
    parts: tuple[DataPart, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    thresholds: Mapping[str, OperatingThreshold] = field(default_factory=dict)
    recipe: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    history: Mapping[str, tuple[TrainingEpoch, ...]] = field(default_factory=dict)
    pictures: Mapping[int, bytes] = field(default_factory=dict)
    overlays: tuple[Picture, ...] = ()
    localization: tuple[LocalizationRow, ...] = ()
    localization_reason: str = "no explanations were made; run `tumorscope explain`"
    sections: tuple[Section, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a time without zone, and pictures that a browser would not show."""
        _check_time(self.created)
        for row, content in self.pictures.items():
            media_type(content, f"the picture of row {row}")


def _check_time(created: str) -> None:
    try:
        has_zone = datetime.fromisoformat(created).tzinfo is not None
    except ValueError:
        has_zone = False
    if not has_zone:
        raise DataError(
            f"created is {created!r}: give an ISO 8601 time with zone, for instance "
            "2026-11-23T10:12:00+00:00"
        )


def _estimate(name: str, record: Mapping[str, Any]) -> MetricEstimate:
    figure = record[name]
    value, low, high = (
        math.nan if figure[key] is None else float(figure[key])
        for key in ("value", "low", "high")
    )
    return MetricEstimate(
        name=name,
        value=value,
        low=low,
        high=high,
        level=float(figure["level"]),
        n_slices=int(record["n_slices"]),
        n_patients=int(record["n_patients"]),
        resampled=str(figure["resampled"]),
        reason=str(figure["reason"]),
    )
