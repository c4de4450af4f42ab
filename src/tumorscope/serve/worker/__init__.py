"""Processes that take jobs from the queue and screen studies."""
