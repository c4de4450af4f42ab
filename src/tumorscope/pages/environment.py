"""How templates become pages: escaping, and numbers as text."""

from __future__ import annotations

import re
from base64 import b64encode

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.pages.numbers import (
    format_count,
    format_difference,
    format_interval,
    format_number,
    format_share,
    format_small,
    format_time,
    format_value,
)
from tumorscope.pages.picture import media_type
from tumorscope.pages.svg import printable


def page_environment(*packages: str) -> Environment:
    """Return an environment that escapes all text and refuses unknown names.

    Args:
        packages: Packages with a `templates` folder, looked at before this one's.

    Returns:
        The environment, with the shared filters; a caller may add its own.
    """
    names = (*packages, "tumorscope.pages")
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in names]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "value": format_value,
        "interval": format_interval,
        "difference": format_difference,
        "number": format_number,
        "small": format_small,
        "count": format_count,
        "share": format_share,
        "time": format_time,
        "unit": _unit,
        "breakable": _breakable,
        "prose": _prose,
        "data_uri": _data_uri,
        "inline_svg": Markup,
    }
    environment.tests |= {
        "text": lambda cell: isinstance(cell, str),
        "count": lambda cell: isinstance(cell, int),
        "estimate": lambda cell: isinstance(cell, MetricEstimate),
    }
    return environment


def _finalize(value: object) -> object:
    # A file name may hold control characters that no HTML document may hold.
    is_plain = isinstance(value, str) and not isinstance(value, Markup)
    return printable(str(value)) if is_plain else value


def _unit(resampled: str) -> str:
    # Beside n it is enough to say what is counted; how it was drawn stands once a page.
    return resampled.partition(" within ")[0]


def _breakable(path: str) -> Markup:
    # Long file names break after a separator, not inside a word.
    text = str(escape(printable(path)))
    return Markup(re.sub(r"([/_])", r"\1<wbr>", text))  # noqa: S704 - escaped above


def _prose(text: str) -> Markup:
    # Names of options and files stand between backticks in every text.
    safe = str(escape(printable(text)))
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", safe))  # noqa: S704 - escaped


def _data_uri(content: bytes) -> str:
    kind = media_type(content, "a picture of the page")
    return f"data:{kind};base64,{b64encode(content).decode()}"
