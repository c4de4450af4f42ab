"""Groups of patients beside each other, and how much of a gap chance alone would show."""
