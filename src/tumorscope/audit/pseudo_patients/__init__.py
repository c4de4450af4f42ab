"""Links slices that come from one head, in a set without patient ids."""
