"""What must be said where too few patients were tested for an interval to be trusted."""

from __future__ import annotations

from tumorscope.estimation.intervals import FEWEST_PATIENTS
from tumorscope.pages.limit import Limit


def few_patients_limit(n_patients: int, unit: str) -> Limit | None:
    """Return the limit of a test on a handful of patients; None with enough of them.

    Args:
        n_patients: Patients (or groups) tested.
        unit: What they are called: "patients" or "near-duplicate groups".
    """
    if n_patients >= FEWEST_PATIENTS:
        return None
    return Limit(
        lead="Too few for a trustworthy interval",
        text=(
            f"{n_patients} {unit} were tested. In simulated cohorts of fewer than "
            f"{FEWEST_PATIENTS}, the interval of a sensitivity spans half of all possible "
            "values, and that of a difference misses the truth in up to 1 of 5 cohorts: "
            "do not rely on them."
        ),
    )
