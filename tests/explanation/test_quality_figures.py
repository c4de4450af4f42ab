"""Names and words of the figures."""

from tumorscope.explanation.quality_figures import (
    LOCALIZATION,
    MODEL_FIGURES,
    QUALITY_FIGURES,
    missing_reason,
)


def test_every_figure_has_words_of_its_own():
    """Two columns with one head could not be told apart."""
    labels = [words.label for words in QUALITY_FIGURES.values()]

    assert len(set(labels)) == len(labels)
    assert set(LOCALIZATION) | MODEL_FIGURES < set(QUALITY_FIGURES)


def test_the_reason_says_what_to_do_or_that_it_cannot_be():
    """A trivial map has no weights; a method needs a setting or a second run."""
    assert "no model" in missing_reason("noise_ssim", is_trivial=True)
    assert "explain.check_slices" in missing_reason("noise_ssim", is_trivial=False)
    assert "--against" in missing_reason("seed_ssim", is_trivial=False)
    assert "explain.deletion_slices" in missing_reason("deletion", is_trivial=True)
