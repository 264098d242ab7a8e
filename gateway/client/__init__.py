"""What `fleetgauge query` asks and shows: it asks any Prometheus API, and needs nothing of the gateway."""
