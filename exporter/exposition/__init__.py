"""Families as pages for Prometheus: text 0.0.4 and OpenMetrics 1.0. Pure; knows no collector and no HTTP."""
