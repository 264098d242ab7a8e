"""Takes in what senders send, from the bytes of a request to one commit. Knows no server and no database."""
