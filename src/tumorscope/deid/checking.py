"""A finished file, read again: by our own reader, and by pydicom as a second witness."""

from __future__ import annotations

import warnings
from io import BytesIO

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from tumorscope.deid.elements import DataSet, MalformedFileError, text_of
from tumorscope.deid.harvest import walk
from tumorscope.deid.identity import IdentityTokens
from tumorscope.deid.plan import Action, is_unwanted, plan_for
from tumorscope.deid.reading import read_dicom
from tumorscope.deid.statement import IDENTITY_REMOVED, METHOD, METHOD_CODES
from tumorscope.deid.sweep import holds_token
from tumorscope.domain.deid_spec import DeidSpec

_PREAMBLE_BYTES = 128
_OWN = frozenset((IDENTITY_REMOVED, METHOD, METHOD_CODES, 0x00280303))


def check_dicom(content: bytes, spec: DeidSpec, tokens: IdentityTokens) -> str:
    """Return what is wrong with a finished file; empty where nothing is.

    Args:
        content: The file as it lies on the disk.
        spec: Settings it was made with.
        tokens: What is known of the patient.
    """
    try:
        file = read_dicom(content)
    except MalformedFileError:
        return "cannot be read"
    if any(content[:_PREAMBLE_BYTES]) or file.trailing_bytes:
        return "preamble or trailing bytes"
    if text_of(file.elements, IDENTITY_REMOVED) != "YES":
        return "says nothing of its identity"
    removed = _removed_tags(spec)
    if any(
        is_unwanted(element.tag, element.vr) or element.tag in removed
        for element, _ in walk(file.elements, b"")
    ):
        return "an element that had to go"
    return "a text known of the patient" if _holds(file.elements, tokens) else ""


def _holds(elements: DataSet, tokens: IdentityTokens) -> bool:
    foreign = tuple(one for one in elements if one.tag not in _OWN)
    return any(
        holds_token(element, character_set, tokens)
        for element, character_set in walk(foreign, b"")
    )


def check_with_pydicom(content: bytes) -> str:
    """Return what pydicom finds wrong with a finished file; empty where nothing is.

    Args:
        content: The file as it lies on the disk.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a warning would quote a value
        try:
            data = dcmread(BytesIO(content))
            return _judge(data)
        except (
            InvalidDicomError,
            EOFError,
            ValueError,
            KeyError,
            AttributeError,
            NotImplementedError,
        ):
            return "pydicom cannot read it"


def _judge(data: Dataset) -> str:
    if data.file_meta.MediaStorageSOPInstanceUID != data.SOPInstanceUID:
        return "file meta information of another instance"
    if any(element.tag.is_private for element in data.iterall()):
        return "a private element"
    return ""


_REMOVED: dict[DeidSpec, frozenset[int]] = {}


def _removed_tags(spec: DeidSpec) -> frozenset[int]:
    """Return the tags that no file under these settings may hold."""
    if spec not in _REMOVED:
        table = plan_for(spec, is_report=False).table
        gone = {tag for tag, action in table.items() if action is Action.REMOVE}
        _REMOVED[spec] = frozenset(gone - _OWN)
    return _REMOVED[spec]
