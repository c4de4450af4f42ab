"""Why a file stays in quarantine: a code for programs, words for people, never a value."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "already-deidentified": "says that its identity was removed before; accept it "
        "with deid.accept_deidentified=true",
        "bad-deflate": "the compressed data set is damaged",
        "bad-delimiter": "a delimiter of a sequence has a length",
        "bad-item": "a sequence holds something other than items",
        "bad-json": "is no readable JSON object",
        "bad-nifti": "the NIfTI header contradicts itself",
        "bad-picture": "the picture is damaged or of an unsupported kind",
        "brain-mask-failed": "may show a face, and the brain was not found surely enough "
        "to remove the rest",
        "burned-in-text": "the header says that annotation is burned into the pixels",
        "colored-pixels": "color pixels: a screenshot as a rule, and may show a name",
        "compressed-pixels": "compressed pixels that cannot be decoded, and so neither "
        "searched for text nor cleared",
        "dicomdir": "a DICOMDIR repeats names and paths; make a new one afterwards",
        "element-twice": "one element stands twice in a data set",
        "embedded-overlay": "compressed pixels with an overlay in their spare bits",
        "face-held": "its volume may show a face: remove it with deid.faces=remove, say "
        "why there is none with deid.face_free, or let it pass with deid.faces=flag",
        "face-left": "the finished file has voxels left where a face was removed",
        "face-not-removed": "safe-harbor needs images without a face: deid.faces=remove, "
        "or say why there is none with deid.face_free",
        "identifier-in-binary": "binary data hold a text that is known of the patient",
        "identifier-left": "the finished file still held a text known of the patient",
        "inflates-too-far": "inflates beyond the limit",
        "instance-twice": "another file of other content has the same instance UID",
        "link": "a link; only files themselves are read",
        "nested-too-deep": "sequences are nested more than 32 deep",
        "no-head": "no head was found in the pixels, so that nothing says what to keep",
        "no-patient-id": "names no patient: nothing to keep its files together by",
        "no-pixels": "an image without pixels: cut off, or never whole",
        "no-transfer-syntax": "the file meta information names no transfer syntax",
        "no-uid": "lacks SOP class, or instance, series or study UID",
        "not-dicom": "is no DICOM file of PS3.10",
        "nothing-to-remove": "may show a face, but nothing lies outside the brain to cut",
        "pixel-length": "pixel data are shorter than rows, columns and frames say",
        "reader-failed": "the reader gave up: crashed, or took too long or too much",
        "secondary-capture": "made from a screen or a scan: conversion type, SECONDARY "
        "or SCREEN SAVE; may show a name",
        "self-check": "the finished file did not pass the check that reads it again",
        "sop-class": "not a class that is understood: MR, segmentation, parametric map, "
        "structured report",
        "text-found": "something that is or may be text stands in the pixels: look, or "
        "clear it with deid.pixels=clear",
        "text-on-head": "something that is or may be text stands on the head",
        "truncated": "ends before its own lengths say",
        "undefined-length": "an element without length that is no sequence",
        "unknown-kind": "not DICOM, NIfTI, side-car JSON, PNG, JPEG or TIFF",
        "unknown-representation": "an element with an unknown value representation",
        "unsupported-pixels": "pixels that are no gray or RGB image of whole bytes",
        "wrong-representation": "an element in a representation that its tag cannot have",
    }
)
