"""A bundle's network as a graph for other runtimes, and whether it scores the same."""
