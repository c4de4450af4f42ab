"""De-identification: the standard's table at every depth, keyed replacements, a sweep."""
