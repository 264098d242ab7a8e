"""Rules in service: where they come from, when they are evaluated, what becomes of it."""
