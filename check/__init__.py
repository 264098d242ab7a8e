"""Checks files before a program reads them. Knows the settings of both programs, and nothing else of them."""
