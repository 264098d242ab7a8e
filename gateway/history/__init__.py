"""Who did it, and when: agents' process snapshots, read, packed and asked. Knows no HTTP, SQLite or clock."""
