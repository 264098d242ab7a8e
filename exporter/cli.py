"""The command `agent`.

Owns what it prints and its exit codes. Imports the agent itself only when it runs.
"""

import sys

import click

from exporter.checks import problems
from exporter.errors import AgentError
from exporter.settings import AgentSettings
from runtime import logs
from runtime.cli import Reread, UsageProblem, settings_command
from runtime.errors import ListenFailed, ListenRefused, SettingsError
from runtime.stop import Renewal, Stop

_ONCE = click.Option(["--once"], is_flag=True, help="Print one scrape and exit.")


@settings_command(AgentSettings, check=problems, options=[_ONCE])
def agent(settings: AgentSettings, reread: Reread[AgentSettings], once: bool) -> None:
    """Run the agent until SIGTERM or Ctrl-C.

    Each option is also a key in the file and an environment variable, whose name is in brackets. A flag wins
    over the variable, the variable over the file. Only the file can have remote_write and
    write_relabel_configs.
    """
    stop = Stop()
    renewal = Renewal()
    # Before the long imports: a signal in their midst would kill, or be lost.
    stop.on_signals()
    renewal.on_signal()
    from exporter import app
    from runtime.memory import share_memory

    share_memory()
    logs.configure(form=settings.log_format, level=settings.log_level)
    try:
        if once:
            page, failing = app.once(settings)
            click.echo(page, nl=False)
            for name, reason in failing.items():
                click.echo(f"{name}: {reason}", err=True)
            sys.exit(1 if failing else 0)
        running = app.Agent(settings, reread=reread)
    except (ListenRefused, SettingsError) as error:
        raise UsageProblem(str(error)) from error
    except (AgentError, ListenFailed) as error:
        raise click.ClickException(str(error)) from error
    running.run(stop, renewal)
