"""What combines vectors: binary operators and their matching, aggregations and their groups."""
