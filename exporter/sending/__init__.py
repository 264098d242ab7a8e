"""What leaves the host: batches, the spool on disk that they wait in, and the sender. Knows no collector."""
