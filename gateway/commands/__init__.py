"""Commands that do one thing to the data of a gateway and end: their options, texts and exit codes."""
