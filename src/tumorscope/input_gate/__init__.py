"""Input gate: is a picture an MRI head slice like the training data, and why not."""
