"""What goes wrong in a scanner or a file, at five severities: arrays in, arrays out."""

from tumorscope.mri_artifacts.catalog import (
    ARTIFACTS_VERSION,
    artifact_rng,
    corrupt_slice,
)
from tumorscope.mri_artifacts.missing_sequence import (
    MissingSequence,
    missing_sequences,
    replace_sequence,
)

__all__ = [
    "ARTIFACTS_VERSION",
    "MissingSequence",
    "artifact_rng",
    "corrupt_slice",
    "missing_sequences",
    "replace_sequence",
]
