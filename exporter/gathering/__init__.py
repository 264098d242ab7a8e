"""Runs collectors, each by itself: none can break or hold up the others. Knows no format and no host."""
