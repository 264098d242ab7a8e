"""The agent: collects what a host does and sends it. Never imports the gateway."""
