"""One source layout for each module, all to the same manifest."""
