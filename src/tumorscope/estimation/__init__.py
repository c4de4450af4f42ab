"""Figures with patient-clustered intervals: draws, metrics, and how they are summed up."""
