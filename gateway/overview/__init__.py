"""All hosts at a glance: how each is, its last figures, and their course. Knows no HTTP and no clock."""
