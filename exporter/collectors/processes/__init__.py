"""Processes by groups, under the names of process-exporter. Reads /proc; knows no other collector."""
