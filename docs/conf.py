"""Sphinx: MyST pages, the Furo theme, Google docstrings; warnings are errors."""

from __future__ import annotations

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

project = "Tumorscope"
author = "The Tumorscope developers"
project_copyright = "The Tumorscope developers, Apache-2.0"
version = release = installed_version("tumorscope")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "spec_reference",
    "api_reference",
]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_attr_annotations = False  # "numpy.object_" would be read as a link
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
exclude_patterns = ["_build", "_extensions"]

html_theme = "furo"
html_title = f"Tumorscope {release}"
html_show_sphinx = False
html_theme_options = {
    "announcement": "Research use only. Not a medical device.",
    "source_repository": "",
}
