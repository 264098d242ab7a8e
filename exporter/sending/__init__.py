"""What is sent: series made of families, and one outlet a receiver. Knows no collector."""
