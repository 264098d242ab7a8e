"""Which agents there are, and how they are. Knows no HTTP, no SQL and no clock."""
