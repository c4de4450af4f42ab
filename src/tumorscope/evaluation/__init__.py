"""Honest figures: every one with its interval over patients and its n."""
