"""Who may do what: callers, their rights, and how they prove who they are. Knows no route and no HTTP."""
