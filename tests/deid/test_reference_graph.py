"""Tests of references: a study with its segmentation has the same shape afterwards."""

from __future__ import annotations

import importlib
import io

import highdicom as hd
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.sr.codedict import codes

from tumorscope.deid.dicom_file import PatientJob, deidentify_dicom, read_subject
from tumorscope.deid.identity import IdentityTokens, is_registered
from tumorscope.deid.keys import PatientKeys
from tumorscope.domain.deid_spec import DeidSpec

pytestmark = pytest.mark.slow


def segment(images):
    """Return a segmentation of a made-up lesion over some slices."""
    algorithm = hd.AlgorithmIdentificationSequence(
        name="made up", version="1", family=codes.cid7162.ArtificialIntelligence
    )
    description = hd.seg.SegmentDescription(
        segment_number=1,
        segment_label="lesion",
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Neoplasm,
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=algorithm,
    )
    mask = np.zeros((len(images), 64, 64), dtype=bool)
    mask[:, 20:30, 20:30] = True
    return hd.seg.Segmentation(
        source_images=images,
        pixel_array=mask,
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[description],
        series_instance_uid="1.2.826.0.1.9.7",
        series_number=7,
        sop_instance_uid="1.2.826.0.1.9.8",
        instance_number=1,
        manufacturer="made up",
        manufacturer_model_name="made up",
        software_versions="1",
        device_serial_number="1",
    )


def uids_of(content):
    """Return the unique identifiers of a file, those of the standard's registry apart."""
    found = [
        str(element.value)
        for element in dcmread(io.BytesIO(content)).iterall()
        if element.VR == "UI" and element.VM == 1
    ]
    own = [uid for uid in found if not is_registered(uid)]
    return own, sorted(uid for uid in found if is_registered(uid))


def test_references_of_a_segmentation_keep_their_shape(repository, monkeypatch):
    """Each identifier has one replacement wherever it stands, and classes stay."""
    monkeypatch.syspath_prepend(str(repository / "benchmarks"))
    plant = importlib.import_module("deid_plant")
    images = [plant.make_image(number=number) for number in (1, 2, 3)]
    written = io.BytesIO()
    segment(images).save_as(written)
    files = [*(plant.to_bytes(image) for image in images), written.getvalue()]
    tokens = IdentityTokens.from_values(read_subject(files[0]).values)
    job = PatientJob(spec=DeidSpec(), keys=PatientKeys(secret=bytes(32)), tokens=tokens)

    mapping = {}
    for content in files:
        before, classes = uids_of(content)
        after, classes_after = uids_of(deidentify_dicom(content, job).content)
        assert classes_after[: len(classes)] == classes
        assert len(after) == len(before)
        for old, new in zip(before, after, strict=True):
            assert mapping.setdefault(old, new) == new

    assert len(set(mapping.values())) == len(mapping)
    assert set(mapping).isdisjoint(mapping.values())
