"""What the fields of a spec mean: the docstring under each, read from the source.

pydantic could collect them while it makes the class. That reads and parses the source of
every spec at each start of the program: a fifth of the time that `predict` may take for
one image. Only the documentation and its tests ask, so they ask here.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from itertools import pairwise

from tumorscope.domain.spec import Spec


def field_meanings(spec: type[Spec]) -> dict[str, str]:
    """Return the docstring under each field, inherited fields included.

    Args:
        spec: A class of settings.

    Returns:
        Texts by field name; a field without docstring is left out.
    """
    found: dict[str, str] = {}
    for kind in reversed(spec.__mro__):
        if issubclass(kind, Spec) and kind is not Spec:
            found |= _own_meanings(kind)
    return found


def _own_meanings(kind: type[Spec]) -> dict[str, str]:
    module = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    defined = module.body[0]
    if not isinstance(defined, ast.ClassDef):
        raise TypeError(f"{kind.__name__} is not defined by a class statement")
    found = {}
    for field, below in pairwise(defined.body):
        if not isinstance(field, ast.AnnAssign) or not isinstance(below, ast.Expr):
            continue
        name, text = field.target, below.value
        is_text = isinstance(text, ast.Constant) and isinstance(text.value, str)
        if isinstance(name, ast.Name) and is_text:
            found[name.id] = inspect.cleandoc(str(ast.literal_eval(text)))
    return found
