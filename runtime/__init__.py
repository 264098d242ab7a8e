"""What both programs need of their process: settings, log lines, stop signals. Knows no metrics."""
