"""The agent's own pages: /metrics, /health, /reload, a front page. Knows no collector and no gateway."""
