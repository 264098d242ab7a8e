"""Bytes to columns, for receivers. Needs numpy and protobuf."""
