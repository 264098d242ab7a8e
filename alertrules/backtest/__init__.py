"""Alert rules over stored data: what would have fired."""
