"""What corrupted slices cost a model, beside its own clean scores."""
