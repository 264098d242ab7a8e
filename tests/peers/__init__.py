"""Tests that talk to the real programs of other people's projects, and what starts those programs."""
