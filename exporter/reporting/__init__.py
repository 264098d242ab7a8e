"""What the gateway is told of the agent: that it is there, and that it is alive."""
