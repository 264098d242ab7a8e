"""Scripts in Prometheus' test language: read, run and judged. Knows no function of PromQL."""
