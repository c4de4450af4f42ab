"""Runs all probes on a cohort."""

from __future__ import annotations

import numpy as np

from tumorscope.audit.shortcuts.cohort import ProbeCohort, rows_of_some_groups
from tumorscope.audit.shortcuts.labels import label_target, probe_label
from tumorscope.audit.shortcuts.patients import (
    probe_patients,
    site_target,
    tumor_target,
)
from tumorscope.audit.shortcuts.probes import PROBES
from tumorscope.audit.shortcuts.results import (
    ProbeResult,
    ShortcutReport,
    Target,
    with_verdicts,
)
from tumorscope.domain.errors import DataError
from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.shortcut_spec import ShortcutSpec
from tumorscope.estimation.resampling import UNIT_WORDS


def probe_shortcuts(
    cohort: ProbeCohort, spec: ShortcutSpec, *, progress: Progress = silent
) -> ShortcutReport:
    """Try to predict label and site from everything but the brain.

    Args:
        cohort: Slices, traits of their files, features of their pixels. Slices without a
            label enter no probe.
        spec: How to probe, and the rule by which a probe fails.
        progress: Shows how far it got.

    Returns:
        One result for each probe and target; what is missing is said in its place.

    Raises:
        DataError: If no slice has a label.
    """
    labeled = np.flatnonzero(cohort.manifest.table["label"].notna())
    if not len(labeled):
        raise DataError(
            f"none of {len(cohort.manifest)} slices has a label: shortcuts can be sought "
            "in labeled cohorts only"
        )
    known = cohort.rows(labeled)
    chosen = known.rows(rows_of_some_groups(known.patient, spec.max_slices, spec.seed))
    label = label_target(chosen, spec)
    tumor, site = tumor_target(chosen, spec), site_target(chosen, spec)
    found: list[ProbeResult] = []
    for probe in progress(PROBES, total=len(PROBES), label="shortcut probes"):
        found.append(probe_label(probe, label, spec))
        if probe.sees_patients:
            found.append(probe_patients(probe, tumor, spec))
        if probe.sees_site:
            found.append(probe_patients(probe, site, spec))
    judged = _by_family(found, spec)
    return ShortcutReport(
        spec=spec,
        unit=UNIT_WORDS[cohort.grouping],
        slices=len(cohort.manifest),
        slices_probed=len(chosen.manifest),
        label_probes=_of_target(judged, "label"),
        patient_probes=_of_target(judged, "patient"),
        site_probes=_of_target(judged, "site"),
        has_heights=not np.isnan(chosen.height).any(),
        sites=site.classes,
        sites_left_out=site.left_out,
    )


def _by_family(found: list[ProbeResult], spec: ShortcutSpec) -> list[ProbeResult]:
    """Judge gates, floors and site probes, each as one family of tests."""
    families = [
        [each for each in found if each.is_gate],
        [each for each in found if not each.is_gate and each.target != "site"],
        [each for each in found if each.target == "site"],
    ]
    return [each for family in families for each in with_verdicts(family, spec)]


def _of_target(results: list[ProbeResult], target: Target) -> tuple[ProbeResult, ...]:
    order = [probe.name for probe in PROBES]
    chosen = [each for each in results if each.target == target]
    return tuple(sorted(chosen, key=lambda each: order.index(each.probe)))
