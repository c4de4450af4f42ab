"""Tests of the screening: one result, the right side, and no number where it abstains."""

from __future__ import annotations

import gzip
import json
from itertools import permutations, product

import numpy as np
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.volume import volume_from_affine
from tumorscope.inference.predictor import Predictor
from tumorscope.io.images import encode_png
from tumorscope.workflows.model_facts import ModelFacts, ObservedShare
from tumorscope.workflows.screening import screen
from tumorscope.workflows.screening_folder import relevance
from tumorscope.workflows.serving import ServedModel
from tumorscope.workflows.study_report import (
    SIZES_INCH,
    ReportSigned,
    render_study_report,
)
from tumorscope.workflows.upload_layout import safe_path

SIGNED = ReportSigned(
    title="A $study$ \\o/ 脳", study_id="s", reading=None, agreement=None, who="me"
)
HEAD_AFFINE = np.diag([-2.0, -2.0, 4.0, 1.0])  # columns to the left, rows to the back


class BrightnessEngine:
    """The brighter the slice, the higher its score."""

    def run(self, images):
        class_map = (images[:, 0, ::8, ::8] + 0.5) * 8
        return class_map.mean(axis=(1, 2)), class_map


def stub_model(card):
    return ServedModel(
        predictor=Predictor(card, BrightnessEngine()),
        engine_note="engine: stub",
        card_digest="0" * 64,
        engine_digests={},
        streams=1,
    )


@pytest.fixture
def served(card):
    """Return a model that scores by brightness."""
    return stub_model(card)


def turned(voxels, order, flips):
    """Return the same head with exchanged and reversed axes, and its affine.

    The affine maps (column, row, slice) of the turned array to the patient's RAS.
    """
    moved = voxels.transpose(order)  # axes of the source: slice, row, column
    lps = np.zeros((4, 4))
    steps = [np.array([0, 0, 4.0]), np.array([0, 2.0, 0]), np.array([2.0, 0, 0])]
    origin = np.zeros(3)
    for axis, (source, flip) in enumerate(zip(order, flips, strict=True)):
        step = steps[source]
        if flip:
            origin += step * (moved.shape[axis] - 1)
            step = -step
        lps[:3, axis] = step
    lps[:3, 3], lps[3, 3] = origin, 1
    return np.flip(moved, [axis for axis in range(3) if flips[axis]]), lps


def test_all_48_orientations_show_the_lesion_on_the_same_side(
    served, scan_makers, tmp_path
):
    """A lesion left, front and up is right, top and high on the screen, always."""
    head = scan_makers.make_head((10, 40, 44))
    cases = list(product(permutations(range(3)), product((False, True), repeat=3)))
    assert len(cases) == 48
    upload = tmp_path / "upload"
    upload.mkdir()
    for number, (order, flips) in enumerate(cases):
        voxels, lps = turned(head, order, flips)
        volume = volume_from_affine(np.ascontiguousarray(voxels), lps)
        content = scan_makers.make_nifti(volume)
        (upload / f"P{number:02d}_flair.nii.gz").write_bytes(content)

    result = screen(served, [upload], tmp_path / "out")

    assert len(result.series) == 48
    for one in result.series:
        assert one.edge_labels.left == "R"
        assert one.edge_labels.top == "A"
        packed = (
            tmp_path / "out" / "series" / str(one.id) / "pixels-0.gz"
        ).read_bytes()
        shape = (one.slices, one.rows, one.columns)
        pixels = np.frombuffer(gzip.decompress(packed), "<i2").reshape(shape)
        bright = np.argwhere(pixels > 0.9 * pixels.max()).mean(axis=0) / shape
        assert bright[0] > 0.55  # up
        assert bright[1] < 0.48  # front
        assert bright[2] > 0.55  # the patient's left


def picture(value=200):
    rows, columns = np.mgrid[:64, :64] - 32
    return np.where(rows**2 + columns**2 < 26**2, 40 + (rows + 32) * 2, 0).astype(
        np.uint8
    )


def test_an_abstention_leaves_no_number_in_the_folder(card, tmp_path):
    """Not in the result, not in the map, not in the report's sentence."""
    rule = card.referral.model_copy(
        update={"refer_when": "confidence", "confidence_cut": 1.0}
    )
    unsure = card.model_copy(update={"referral": rule})
    served = stub_model(unsure)
    (tmp_path / "a.png").write_bytes(encode_png(picture()))

    result = screen(served, [tmp_path / "a.png"], tmp_path / "out")

    content = json.loads((tmp_path / "out" / "result.json").read_text())
    assert content["decision"] == "refer"
    assert content["highest_tumor_probability"] is None
    assert '"tumor_probability": 0' not in json.dumps(content)
    assert result.series[0].overlay is None
    assert not any(
        gzip.decompress((tmp_path / "out/series/0/relevance.gz").read_bytes())
    )


def test_an_interval_is_that_of_the_tested_slices_with_such_a_score(
    served, card, tmp_path
):
    """It comes from a test of this model, or there is none and a note says why."""
    (tmp_path / "a.png").write_bytes(encode_png(picture()))
    share = ObservedShare(
        low=0.0,
        high=1.0,
        n_slices=9,
        n_patients=3,
        tumor_share=0.5,
        interval=(0.2, 0.8),
    )
    facts = ModelFacts(
        card=card,
        weights_sha256="0" * 64,
        words={},
        observed=(share,),
        observed_words="internal testing",
    )

    with_test = screen(served, [tmp_path / "a.png"], tmp_path / "one", facts=facts)
    without = screen(served, [tmp_path / "a.png"], tmp_path / "two")

    assert with_test.series[0].slice_results[0].interval == (0.2, 0.8)
    assert without.series[0].slice_results[0].interval is None
    assert any("No interval stands" in note for note in without.notes)


def test_an_upload_without_an_image_is_an_error_that_says_what_was_there(
    served, tmp_path
):
    """Nothing is left behind."""
    (tmp_path / "notes.txt").write_text("words")

    with pytest.raises(DataError, match="none of DICOM"):
        screen(served, [tmp_path / "notes.txt"], tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_relevance_is_scaled_to_the_series_and_never_negative():
    """The largest value of all slices is 255; what spoke against is 0."""
    maps = {
        0: np.array([[1.0, -3.0]], np.float32),
        2: np.array([[0.5, 0.0]], np.float32),
    }

    found = relevance(maps, (3, 1, 2))

    assert found.tolist() == [[[255, 0]], [[0, 0]], [[128, 0]]]


@pytest.mark.parametrize("paper", SIZES_INCH)
def test_a_report_is_one_page_of_the_wanted_size(served, tmp_path, paper):
    """Whatever a sender called the study, and whatever the font lacks."""
    (tmp_path / "a.png").write_bytes(encode_png(picture()))
    screen(served, [tmp_path / "a.png"], tmp_path / "out")
    result = json.loads((tmp_path / "out" / "result.json").read_text())

    content = render_study_report(tmp_path / "out", result, SIGNED, paper=paper)

    width, height = (round(72 * one) for one in SIZES_INCH[paper])
    assert content.count(b"/Type /Page ") + content.count(b"/Type /Page\n") == 1
    assert f"/MediaBox [ 0 0 {width}".encode() in content
    assert height in (842, 792)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("a\\b\\c.dcm", "a/b/c.dcm"),
        ("/abs/x.png", "abs/x.png"),
        ("..", "unnamed"),
        (".hidden", "hidden"),
        ("nul\0l\r\n.dcm", "nul_l_.dcm"),
        ("a/b/c/d/e/f.dcm", "c/d/e/f.dcm"),
    ],
)
def test_a_foreign_name_cannot_leave_its_folder(name, safe):
    """Only plain letters, digits, dots and hyphens are left, four folders deep."""
    assert str(safe_path(name)) == safe
