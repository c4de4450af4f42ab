"""How bright each tissue is on each sequence.

Values are signal relative to a full scale of 1, typical of spin-echo T1, FLAIR at 1.5 T and
spin-echo T1 five minutes after gadolinium; drawn for each patient and scanner around the
table. They stand for no measured tissue parameter.
"""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from tumorscope.phantom.scanners import Scanner

SEQUENCES = ("t1", "flair", "t1c")

TISSUE_SIGNAL = MappingProxyType(
    {
        # One value for each of SEQUENCES.
        "air": (0.01, 0.01, 0.01),
        "white": (0.60, 0.37, 0.59),
        "grey": (0.455, 0.475, 0.475),
        "fluid": (0.17, 0.07, 0.17),
        "dura": (0.34, 0.25, 0.62),
        "vessel": (0.18, 0.09, 0.85),
        "choroid": (0.36, 0.42, 0.75),
        "bone": (0.05, 0.04, 0.05),
        "marrow": (0.62, 0.36, 0.64),
        "muscle": (0.37, 0.24, 0.43),
        "fat": (0.98, 0.72, 0.98),
        "skin": (0.50, 0.36, 0.56),
        "mucosa": (0.40, 0.58, 0.85),
        "vitreous": (0.17, 0.13, 0.17),
        "edema": (0.43, 0.67, 0.43),
        "solid": (0.37, 0.62, 0.39),
        "enhancing": (0.41, 0.58, 0.93),
        "necrosis": (0.25, 0.38, 0.26),
        "hyperintensity": (0.51, 0.66, 0.51),
        "gliosis": (0.40, 0.66, 0.41),
    }
)

# The scanner's contrast stretches these only: fat, fluid, bone and air stay what they are.
SOFT_TISSUES = frozenset(
    {"grey", "edema", "solid", "hyperintensity", "gliosis", "muscle", "choroid"}
)

Contrast = dict[str, NDArray[np.float32]]


def draw_contrast(scanner: Scanner, rng: np.random.Generator) -> Contrast:
    """Draw the signal of each tissue for one scan.

    Args:
        scanner: Its contrast and fat suppression.
        rng: Source of randomness.

    Returns:
        Tissue to its signal, shape (3,), float32, in the order of `SEQUENCES`.
    """
    white = np.array(TISSUE_SIGNAL["white"])
    factor = np.array(scanner.contrast) * rng.normal(1, 0.05, 3)
    contrast = {}
    for tissue, signal in TISSUE_SIGNAL.items():
        stretch = factor if tissue in SOFT_TISSUES else 1.0
        value = white + (np.array(signal) - white) * stretch
        contrast[tissue] = value * rng.normal(1, 0.025, 3)
    fat = np.where(scanner.fat_suppressed, rng.uniform(0.3, 0.42), 1.0)
    contrast["fat"] *= fat
    contrast["marrow"] *= np.sqrt(fat)
    return {
        tissue: np.maximum(value, 0.01).astype(np.float32)
        for tissue, value in contrast.items()
    }


def paint(
    signal: NDArray[np.float32],
    share: NDArray[np.float32],
    value: NDArray[np.float32],
    where: NDArray[np.integer] | NDArray[np.bool_] | None = None,
) -> None:
    """Replace a share of what is in each pixel by one tissue, in place.

    Args:
        signal: Shape (n, 3), float32; changed.
        share: Shape (n,), or as many as `where` selects, float32, in [0, 1].
        value: Shape (3,) or (selected, 3): the tissue's signal.
        where: Rows to change; all by default.
    """
    rows = slice(None) if where is None else where
    old = signal[rows]
    signal[rows] = old + share[:, None] * (value - old)
