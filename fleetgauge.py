"""The command line: finds the program for a command and starts it, nothing else.

Owns the table of commands. Must not import a program before its command is called: the agent stays light, and
help works on an install without the gateway.
"""

import sys
from dataclasses import dataclass
from importlib import import_module

import click


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Where a command lives, and its line in the list of commands."""

    module: str
    help: str
    function: str = ""
    """What it is called there, where not as the command."""


PROGRAMS = {
    "agent": Program(module="exporter.cli", help="Run the agent."),
    "gateway": Program(module="gateway.cli", help="Run the gateway."),
    "demo": Program(module="gateway.cli", help="Try the gateway on this machine."),
    "token": Program(module="gateway.cli", help="Make and revoke tokens for agents and programs."),
    "user": Program(module="gateway.cli", help="Add and remove users of the gateway."),
    "check": Program(module="check.cli", help="Check files before a program reads them."),
    "test": Program(module="gateway.commands.rules", help="Run unit tests of rules."),
    "backtest": Program(module="gateway.commands.rules", help="Say when rules would have fired."),
    "query": Program(module="gateway.cli", help="Ask a gateway, or any Prometheus."),
    "backup": Program(module="gateway.commands.backup", help="Copy all data of a gateway, while it runs."),
    "restore": Program(module="gateway.commands.backup", help="Put a copy back."),
    "export": Program(module="gateway.commands.transfer", help="Write samples to a file."),
    "import": Program(
        module="gateway.commands.transfer", help="Take in the samples of a file.", function="import_"
    ),
}

OWN = frozenset(
    (
        "alertrules", "check", "delivery", "exporter", "gateway", "promql", "remotewrite", "runtime",
        "timeseries",
    )
)  # fmt: skip
"""Our packages. If one of these is missing it is a defect; any other module belongs to an extra."""


class Commands(click.Group):
    """Imports a command when it is called, not when it is listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(PROGRAMS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        program = PROGRAMS.get(cmd_name)
        if program is None:
            return None
        command: click.Command = getattr(import_module(program.module), program.function or cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, program.help) for name, program in PROGRAMS.items()])


@click.command(cls=Commands)
@click.version_option(package_name="fleetgauge", message="%(prog)s %(version)s")
def commands() -> None:
    """See which process on which host did it, last night at 03:00.

    `fleetgauge COMMAND --help` says more about a command.
    """


def main() -> None:
    """Run the command line."""
    try:
        commands.main(prog_name="fleetgauge")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in OWN:
            raise
        click.echo(
            f"fleetgauge: this command needs {error.name}, which is not installed. "
            "Install it with: pip install 'fleetgauge[gateway]'",
            err=True,
        )
        sys.exit(2)


if __name__ == "__main__":
    main()
