"""Forward mode: what was taken in goes on to other receivers, by a durable queue for each."""
