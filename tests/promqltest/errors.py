"""What can be wrong with a script."""


class ScriptError(Exception):
    """A line that the language does not have."""
