"""Named sets of training defaults.

`seed` is the recipe that the product was first described with: rotation and flips, Adam,
cross-entropy over a two-way softmax, the learning rate lowered as the tuning loss stalls.
`strong` changes only what an MRI scan can plausibly change (bias field, gamma, noise, a
small affine; a head is never turned upside down) and averages the weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RECIPES: Mapping[str, Mapping[str, Any]] = {
    "seed": {
        "augment": {
            "rotation_degrees": 15.0,
            "flip_left_right": 0.5,
            "flip_up_down": 0.5,
        },
    },
    "strong": {
        "label_smoothing": 0.05,
        "ema_decay": 0.99,
        "low_resolution_share": 0.6,
        "optimizer": {
            "name": "adamw",
            "learning_rate": 1e-3,
            "weight_decay": 0.05,
            "schedule": "cosine",
            "clip_norm": 1.0,
        },
        "augment": {
            "rotation_degrees": 12.0,
            "shift_share": 0.06,
            "zoom_share": 0.12,
            "shear_degrees": 4.0,
            "flip_left_right": 0.5,
            "bias_field": 0.3,
            "gamma": 0.3,
            "contrast": 0.15,
            "noise": 0.04,
            "blur": 0.1,
            "drop_sequence": 0.1,
        },
    },
}


def with_recipe(values: Mapping[str, Any]) -> dict[str, Any]:
    """Put the named recipe's settings under the explicit ones.

    Args:
        values: Training settings as given; `recipe` may be absent, then it is `seed`.

    Returns:
        A new mapping in which explicit values win, section by section. An unknown recipe
        adds nothing: the spec refuses it with the list of known ones.
    """
    recipe = RECIPES.get(str(values.get("recipe", "seed")), {})
    return _merged(recipe, values)


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        if isinstance(under, Mapping) and isinstance(value, Mapping):
            merged[key] = _merged(under, value)
        else:
            merged[key] = value
    return merged
