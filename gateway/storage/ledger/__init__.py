"""The small tables beside the samples, which people and agents change: a module each, through one Ledger."""
