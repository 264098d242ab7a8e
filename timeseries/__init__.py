"""The leaf of the tree: labels, matchers, sample columns, histograms. Knows no wire, store or query.

Import the submodules: `timeseries.labels` must stay importable without numpy, for the agent.
"""
