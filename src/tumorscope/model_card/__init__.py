"""The model card and the reporting checklists of a run, filled from measured data only."""
