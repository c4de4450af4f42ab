"""Bytes to values and back: images, tables, stores, bundles."""
