"""What the agent reads of its host, one module a collector: no pages, no sending.

`read` does the I/O, `to_metrics` names the values.
A file that a host lacks is a FileNotFoundError, one that says something unexpected a ValueError.
"""
