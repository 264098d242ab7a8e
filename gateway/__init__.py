"""The gateway: receives, stores, answers and alerts. Never imports the agent."""
