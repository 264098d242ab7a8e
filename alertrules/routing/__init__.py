"""Alertmanager's configuration, and what follows from it: routes, groups, inhibition, silences, times."""
