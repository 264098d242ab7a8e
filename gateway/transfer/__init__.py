"""Samples on their way out of a gateway and into one: formats of files, and both ends. Formats do no I/O."""
