"""Copies of slices: equal pixels, and copies that were changed on the way.

Fingerprints are taken slice by slice; an index proposes pairs; pairs are aligned and
compared in fine detail, so that neighboring slices of one head are told from copies.
"""

from tumorscope.audit.copies.copy_gates import copy_gates, overlap_gate
from tumorscope.audit.copies.fingerprint import (
    CopyFingerprint,
    CopyFingerprints,
    fingerprint_slice,
    stack_fingerprints,
)
from tumorscope.audit.copies.pairs import CopyPairs
from tumorscope.audit.copies.report import (
    CopyCohort,
    CopyFinding,
    CopyReport,
    OverlapReport,
    link_copies,
    report_copies,
    report_overlap,
)
from tumorscope.audit.copies.search import Overlap, find_copies, find_overlap
from tumorscope.audit.copies.section import copies_section, overlap_section

__all__ = [
    "CopyCohort",
    "CopyFinding",
    "CopyFingerprint",
    "CopyFingerprints",
    "CopyPairs",
    "CopyReport",
    "Overlap",
    "OverlapReport",
    "copies_section",
    "copy_gates",
    "find_copies",
    "find_overlap",
    "fingerprint_slice",
    "link_copies",
    "overlap_gate",
    "overlap_section",
    "report_copies",
    "report_overlap",
    "stack_fingerprints",
]
