"""Go's text/template, with the functions of Prometheus and of Alertmanager."""
