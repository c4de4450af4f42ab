"""Which words of a source mean a tumor, and which mean none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tumorscope.domain.errors import ConfigError

POSITIVE_WORDS = (
    "yes",
    "tumor",
    "glioma",
    "meningioma",
    "pituitary",
    "glioma_tumor",
    "meningioma_tumor",
    "pituitary_tumor",
)
NEGATIVE_WORDS = ("no", "no_tumor", "notumor", "healthy", "normal")
_NOTHING_BETWEEN = re.compile(r"[\s_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassWords:
    """The words of both sides: those recognized anyway, and the user's own.

    Case, "tumour" for "tumor", and a space or hyphen for an underscore make no
    difference. The user's words win over the recognized ones.

    Attributes:
        positive: Further words for "tumor".
        negative: Further words for "no tumor".

    Raises:
        ConfigError: If a word is on both sides.
    """

    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a word that is on both sides."""
        both = {_plain(word) for word in self.positive} & {
            _plain(word) for word in self.negative
        }
        if both:
            raise ConfigError(
                f"{sorted(both)} given both as --positive and as --negative: keep one"
            )

    def label(self, word: str) -> int | None:
        """Return 1 for a tumor, 0 for none, None for an unknown word."""
        plain = _plain(word)
        if plain in map(_plain, self.positive):
            return 1
        if plain in map(_plain, self.negative):
            return 0
        if plain in POSITIVE_WORDS:
            return 1
        return 0 if plain in NEGATIVE_WORDS else None

    def labels(self, words: Iterable[str], *, what: str) -> dict[str, int]:
        """Return the label of every word of a source.

        Args:
            words: What the source uses.
            what: What these words are, for the messages, e.g. "class folders".

        Returns:
            0 or 1 for each word.

        Raises:
            ConfigError: If a word is unknown, or a word of the user is not in use.
        """
        found = sorted(set(words))
        in_use = set(map(_plain, found))
        for option, given in (("positive", self.positive), ("negative", self.negative)):
            unused = [word for word in given if _plain(word) not in in_use]
            if unused:
                raise ConfigError(
                    f"--{option} {_quoted(unused)}: not among the {what}, which are "
                    f"{_quoted(found)}"
                )
        labels = {word: self.label(word) for word in found}
        unknown = [word for word, label in labels.items() if label is None]
        if unknown:
            raise ConfigError(
                f"{what} that are not recognized: {_quoted(unknown)} (found: "
                f"{_quoted(found)}); say for each whether it means a tumor, e.g. "
                f'--positive "{unknown[0]}" or --negative "{unknown[-1]}", or take it '
                f"out of the source; recognized without options are {RECOGNIZED}"
            )
        return {word: label for word, label in labels.items() if label is not None}


RECOGNIZED = (
    f"{', '.join(POSITIVE_WORDS)} (tumor) and {', '.join(NEGATIVE_WORDS)} (none)"
)


def _plain(word: str) -> str:
    joined = _NOTHING_BETWEEN.sub("_", word.strip().casefold())
    return joined.replace("tumour", "tumor")


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)
