"""What the agent reads of its host, one module a collector.

`read` does the I/O, `to_metrics` names the values.
A file that a host lacks is a FileNotFoundError, one that says something unexpected a ValueError.
"""
"""Collectors: each reads one part of the host and makes families of it. They know no pages and no sending."""
