"""Scores of slices beside what is known of them."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from tumorscope.domain.errors import DataError

PREDICTION_COLUMNS: MappingProxyType[str, str] = MappingProxyType(
    {
        "image": "str",
        "frame": "Int64",
        "label": "Int64",
        "patient_id": "str",  # null where the source knows no patient
        "group": "str",  # what the bootstrap draws: patient, or near-duplicate group
        "site": "str",
        "slice_index": "Int64",
        "slice_count": "Int64",
        "fold": "str",
        "part": "str",  # "tune", "test", or "external"
        "logit": "float64",  # tumour logit minus no-tumour logit
        "tumor_probability": "float64",  # in [0, 1]
        "threshold_probability": "float64",  # the fold's, fixed on its tuning part
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """One row for each scored slice, columns of `PREDICTION_COLUMNS`.

    Raises:
        DataError: If columns are missing or unknown, or a probability is not in [0, 1].
    """

    table: pd.DataFrame

    def __post_init__(self) -> None:
        """Bring the dtypes into order and refuse impossible scores."""
        found, known = set(self.table.columns), set(PREDICTION_COLUMNS)
        if found != known:
            raise DataError(
                f"predictions lack {sorted(known - found)} and have unknown "
                f"{sorted(found - known)}"
            )
        table = self.table[list(PREDICTION_COLUMNS)].astype(dict(PREDICTION_COLUMNS))
        table = table.reset_index(drop=True)
        if not table["tumor_probability"].between(0, 1).all():
            raise DataError("tumor_probability must be from 0 to 1 in every row")
        object.__setattr__(self, "table", table)

    def of_part(self, part: str) -> Predictions:
        """Return the rows of one part."""
        return Predictions(table=self.table[self.table["part"] == part])
