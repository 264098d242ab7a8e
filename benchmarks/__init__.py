"""What the product costs, measured: `python -m benchmarks [NAME…]` prints a table."""
