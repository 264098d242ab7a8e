"""`/api/v2`: Alertmanager's API, for Prometheus, amtool and Grafana."""
