"""Names and types of the manifest's columns; settings name them without a table."""

from __future__ import annotations

from types import MappingProxyType

COLUMNS: MappingProxyType[str, str] = MappingProxyType(
    {
        "image": "str",  # path of the slice's file, relative to the root, with "/"
        "frame": "Int64",  # index inside a multi-frame file, from 0
        "label": "Int64",  # 1 tumour, 0 no tumour, null unknown
        "class_name": "str",  # the source's own word for the class
        "patient_id": "str",
        "study_id": "str",
        "series_id": "str",
        "slice_index": "Int64",  # rank along the head, from 0 (lowest) upwards
        "slice_count": "Int64",  # slices in the series
        "sequences": "str",  # what the channels show, e.g. "t1,flair,t1c"
        "site": "str",
        "scanner": "str",
        "sex": "str",
        "age_years": "float64",
        "mask": "str",  # path of the lesion mask, relative to the root
        "source": "str",  # importer and data set
        "source_part": "str",  # train/val/test folder of the source: not trusted
        "pixel_digest": "str",  # SHA-256 of shape, dtype and decoded pixels
        "height_px": "Int64",
        "width_px": "Int64",
        "spacing_mm": "str",  # between rows x between columns, e.g. "0.80x0.80"
        "slice_position_mm": "float64",  # along the slices' normal, growing upwards
        "orientation": "str",  # where columns, rows and slices grow to: "LPS"
    }
)
