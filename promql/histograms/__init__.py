"""Native histograms in queries, and classic ones made of `le` buckets: arithmetic, quantiles, rates."""
