"""Tests of the fixed checks: each fault is named, and a head passes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tumorscope.input_gate.judging import describe_slice


def faults(pixels, sequences=1):
    found = describe_slice(pixels, sequences=sequences).findings
    return {one.check: one for one in found}


def colored(grey):
    return np.stack([grey, grey // 2, grey // 3], axis=2)


@pytest.mark.parametrize("seed", range(5))
def test_a_head_passes_every_check(make_head, seed):
    """What the gate is made for raises no finding."""
    assert faults(make_head(seed)) == {}


@pytest.mark.parametrize(
    ("check", "severity", "change"),
    [
        ("too small", "refuse", lambda head: cv2.resize(head, (40, 40))),
        ("elongated", "refuse", lambda head: np.pad(head, ((0, 0), (100, 100)))),
        ("color", "refuse", colored),
        ("almost empty", "flag", lambda head: np.pad(head[60:68, 60:68], 90)),
        ("inverted", "refuse", lambda head: 255 - head),
        ("tiled", "refuse", lambda head: np.tile(head[::2, ::2], (2, 2))),
        ("several parts", "flag", lambda head: np.hstack([head, head])),
        ("cut off", "flag", lambda head: head[20:100, 36:92]),
        ("not symmetric", "flag", np.triu),
    ],
)
def test_each_fault_is_named(head, check, severity, change):
    """The finding has its name, its severity and a reason in words."""
    found = faults(change(head))

    assert found[check].severity == severity
    assert len(found[check].reason.split()) > 3


def test_writing_beside_the_head_is_flagged(head):
    """Letters in the corners are bright parts of their own."""
    cv2.putText(head, "A B C D", (2, 10), cv2.FONT_HERSHEY_SIMPLEX, 0.35, 255, 1)
    cv2.putText(head, "1 2 3 4", (2, 125), cv2.FONT_HERSHEY_SIMPLEX, 0.35, 255, 1)

    assert "writing" in faults(head)


def test_a_bright_texture_has_no_dark_background():
    """A photo fills its frame."""
    pixels = np.random.default_rng(0).integers(60, 255, (128, 128)).astype(np.uint8)

    assert faults(pixels)["no dark background"].severity == "refuse"


def test_a_ring_of_bone_is_told():
    """A thick, brightest, closed ring around even tissue is CT-like."""
    y, x = np.mgrid[-1:1:128j, -1:1:128j]
    distance = np.hypot(x / 0.7, y / 0.85)
    pixels = np.where(distance < 0.88, 70, 250) * (distance < 1)

    assert "bone brightest" in faults(pixels.astype(np.uint8))


def test_color_is_what_a_model_of_three_sequences_wants(head):
    """Three sequences are three colors; a single one is flagged there."""
    assert faults(colored(head), sequences=3) == {}
    assert faults(head, sequences=3)["one sequence"].severity == "flag"


@pytest.mark.parametrize("value", [0, 7, 255])
def test_a_flat_picture_is_never_accepted(value):
    """Blank pictures fail at least one check."""
    assert faults(np.full((90, 90), value, np.uint8))
