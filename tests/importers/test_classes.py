"""Words for a class: the recognized ones, and the user's own."""

from __future__ import annotations

import pytest

from tumorscope.domain.errors import ConfigError
from tumorscope.importers.classes import ClassWords


@pytest.mark.parametrize(
    ("word", "label"),
    [
        ("yes", 1),
        ("YES", 1),
        ("Tumour", 1),
        ("tumor", 1),
        ("glioma", 1),
        ("Glioma_Tumor", 1),
        ("meningioma tumour", 1),
        ("pituitary-tumor", 1),
        ("no", 0),
        ("No Tumor", 0),
        ("no-tumour", 0),
        ("notumor", 0),
        ("no_tumor", 0),
        ("Healthy", 0),
        ("normal", 0),
        ("cats", None),
        ("", None),
    ],
)
def test_words_are_recognized_in_any_case_and_spelling(word, label):
    """Case, "tumour", spaces and hyphens make no difference; other words are unknown."""
    assert ClassWords().label(word) == label


def test_the_users_words_win():
    """A recognized word can be put on the other side, and new ones can be added."""
    words = ClassWords(positive=("Lesion",), negative=("pituitary",))

    assert words.labels(["lesion", "Pituitary", "yes"], what="labels") == {
        "lesion": 1,
        "Pituitary": 0,
        "yes": 1,
    }


def test_a_word_on_both_sides_is_refused():
    """The same word cannot mean a tumor and none, in whatever case."""
    with pytest.raises(ConfigError, match="both as --positive and as --negative"):
        ClassWords(positive=("A",), negative=("a",))


def test_unknown_words_are_listed_with_the_option_to_use():
    """The message lists what was found and shows what to type."""
    with pytest.raises(ConfigError, match='not recognized: "cats", "dogs"') as caught:
        ClassWords().labels(["yes", "dogs", "cats"], what="class folders")

    assert '(found: "cats", "dogs", "yes")' in str(caught.value)
    assert '--positive "cats" or --negative "dogs"' in str(caught.value)


def test_a_misspelt_option_is_refused():
    """A word that the source does not use is an error and not silently unused."""
    with pytest.raises(ConfigError, match='--positive "lesoin": not among the labels'):
        ClassWords(positive=("lesoin",)).labels(["yes", "no"], what="labels")
