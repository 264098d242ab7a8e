"""The same data and the same queries for the gateway and a real Prometheus: equal answers are expected."""
