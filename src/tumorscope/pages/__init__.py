"""Pages that a person reads: values in, self-contained HTML out."""
