"""Generated rules that a real Prometheus evaluates, and ours at the same times."""
