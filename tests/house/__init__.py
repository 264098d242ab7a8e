"""Tests of the repository itself: its layers, shape, locks, packages and commands."""
