"""What leaves a program for another: batches, the spool they wait in, the sender. Knows no program."""
