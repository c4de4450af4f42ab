"""What the pixels of a file may show of a person, and what was done about it."""
