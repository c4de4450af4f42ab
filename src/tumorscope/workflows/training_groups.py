"""The groups that a mitigation looks at while it trains."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.errors import ConfigError
from tumorscope.domain.group_columns import parse_training_groups
from tumorscope.domain.group_reading import read_groups
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.specs import TrainSpec


def training_groups(manifest: Manifest, spec: TrainSpec) -> NDArray[np.int64] | None:
    """Number the group of each slice.

    Args:
        manifest: The cohort, with a label for each slice.
        spec: Which mitigation, on which groups.

    Returns:
        Shape (slices,), int64, groups in alphabetical order, -1 where the column is null;
        None where no mitigation is wanted.

    Raises:
        ConfigError: If the column is empty, or all slices are in one group.
    """
    if spec.mitigation == "none":
        return None
    crosses_label, columns = parse_training_groups(spec.mitigation_group)
    codes, names = pd.factorize(read_groups(manifest.table, columns), sort=True)
    if len(names) < 2:
        found = f"only {names[0]!r}" if len(names) else "no value"
        raise ConfigError(
            f"train.mitigation_group={spec.mitigation_group}: the manifest has {found} "
            "there, so that there are no groups to balance"
        )
    if crosses_label:
        codes = np.where(codes >= 0, 2 * codes + manifest.labels, -1)
    return np.asarray(codes, dtype=np.int64)
