"""The language: text to tree and back, types, durations. Knows no values."""
