"""Remote read: requests from bytes, answers to bytes. Knows no store and no HTTP."""
