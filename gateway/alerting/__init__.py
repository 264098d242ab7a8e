"""Alerts in service: kept, grouped, silenced, told to receivers."""
