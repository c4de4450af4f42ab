"""Which pixels moved the score, and how well that marks the lesion."""
