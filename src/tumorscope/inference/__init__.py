"""Preprocess, network, decide: one predictor over several engines."""
