"""Invented heads: each a point in the space of traits that moves with the slice's height."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.audit.pseudo_patients.file_order import OrderEvidence
from tumorscope.audit.pseudo_patients.finding import PseudoPatients
from tumorscope.audit.pseudo_patients.fingerprints import HeadFingerprint

LENGTHS = {"outline": 9, "tissue": 21, "texture": 15, "spectrum": 16, "darkness": 51}


def _heads(count, slices, *, apart=1.0, noise=0.02, seed=0):
    """Return fingerprints and the head of each, head after head, from low to high."""
    rng = np.random.default_rng(seed)
    rise = {name: rng.normal(0, 0.5, size) for name, size in LENGTHS.items()}
    face = rng.normal(size=(2, 1024))
    prints, owner = [], []
    for head in range(count):
        own = {name: rng.normal(0, apart, size) for name, size in LENGTHS.items()}
        own_face = rng.normal(size=1024)
        for height in np.linspace(0, 1, slices):
            traits = {
                name: (own[name] + height * rise[name] + rng.normal(0, noise, size))
                for name, size in LENGTHS.items()
            }
            picture = (1 - height) * face[0] + height * face[1] + apart * own_face
            picture = (picture - picture.mean()) / np.linalg.norm(picture)
            prints.append(
                HeadFingerprint(
                    thumbnail=picture.astype(np.float32),
                    **{name: each.astype(np.float32) for name, each in traits.items()},
                )
            )
            owner.append(head)
    return prints, np.array(owner)


@pytest.fixture
def heads():
    """Return a maker of fingerprints: number of heads, then of slices of each."""
    return _heads


@pytest.fixture
def order():
    """Return what an order without meaning tells."""
    return OrderEvidence(
        min_support=2,
        supported_share=0.01,
        chance_share=0.005,
        close_pairs=200,
        is_informative=False,
    )


@pytest.fixture
def make_found(order):
    """Return a maker of pseudo-patients from a group for each slice; -1 fits no head."""

    def make(groups, links=((0, 1),), **changes):
        group = np.array(groups)
        loose = group < 0
        group[loose] = 1000 + np.arange(loose.sum())
        known = {
            "group": group,
            "is_assigned": ~loose,
            "is_capped": np.zeros(len(group), dtype=bool),
            "order": order,
            "link_places": np.array(links, dtype=np.int64).reshape(-1, 2),
        }
        return PseudoPatients(**(known | changes))

    return make
