"""Hosts beside each other, and now beside then: named measures over PromQL. Knows no HTTP and no clock."""
