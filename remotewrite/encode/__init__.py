"""Series to bytes, for senders. Needs neither numpy nor protobuf: the agent imports it."""
