"""The command line: finds the program for a command and starts it, nothing else."""


def main() -> None:
    """Run the command line."""
