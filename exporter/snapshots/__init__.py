"""Who did it: the busiest processes, kept for the gateway with the care that samples get."""
