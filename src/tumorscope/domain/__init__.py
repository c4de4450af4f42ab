"""Frozen values, specs and errors; knows no framework and no file format."""
