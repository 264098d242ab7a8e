"""Rule files, and the evaluation of their rules."""
