"""Containers of Docker and Podman, under cAdvisor's names.

The engine's API tells names and labels, the kernel's files tell the numbers. Knows no other collector.
"""
