"""From an integration of a receiver to a way to tell it something. The home of apprise."""
