"""Synthetic heads with known truth: real anatomy (MNI152), no patient."""

from tumorscope.phantom.cohort import (
    CohortPlan,
    Enrolment,
    PlannedCopy,
    copy_rng,
    cue_rng,
    plan_cohort,
)
from tumorscope.phantom.contrast import SEQUENCES
from tumorscope.phantom.faults import add_frame, alter, shrink
from tumorscope.phantom.patient import PhantomPatient, make_patient
from tumorscope.phantom.spec import PhantomSpec

__all__ = [
    "SEQUENCES",
    "CohortPlan",
    "Enrolment",
    "PhantomPatient",
    "PhantomSpec",
    "PlannedCopy",
    "add_frame",
    "alter",
    "copy_rng",
    "cue_rng",
    "make_patient",
    "plan_cohort",
    "shrink",
]
