"""The commands `gateway`, `demo` and `query`.

Owns what they print and their exit codes. Imports the gateway itself only when one of them runs: their help
works on an install without it.
"""

import os
import shutil
import sys
from tempfile import TemporaryDirectory

import click

from gateway.client.api import Api
from gateway.client.errors import QueryFailed, WrongRequest
from gateway.client.show import Asked, Terminal, show
from gateway.settings import GatewaySettings
from gateway.storage.errors import StorageError
from runtime import logs
from runtime.cli import Reread, UsageProblem, settings_command
from runtime.errors import ListenFailed, ListenRefused
from runtime.stop import Stop
from runtime.values import Address


@settings_command(GatewaySettings)
def gateway(settings: GatewaySettings, _reread: Reread[GatewaySettings]) -> None:
    """Run the gateway until SIGTERM or Ctrl-C.

    Each option is also a key in the file and an environment variable, whose name is in brackets. A flag wins
    over the variable, the variable over the file.
    """
    stop = Stop()
    stop.on_signals()  # before the long imports: a signal in their midst would kill, or be lost
    from gateway.app import Gateway

    logs.configure(form=settings.log_format, level=settings.log_level)
    try:
        running = Gateway(settings)
    except ListenRefused as error:
        raise UsageProblem(str(error)) from error
    except (ListenFailed, StorageError) as error:
        raise click.ClickException(str(error)) from error
    running.serve(stop)


@click.command
def demo() -> None:
    """Try the gateway on this machine, until Ctrl-C.

    Listens on loopback only and says what to look at. Takes a free port if the usual one is taken, and
    keeps its data in a directory that goes when it ends.
    """
    stop = Stop()
    stop.on_signals()
    from gateway.app import Gateway

    logs.configure(form="logfmt", level="warning")
    usual = GatewaySettings().listen
    with TemporaryDirectory(prefix="fleetgauge-demo-") as data:
        try:
            running = Gateway(GatewaySettings(data_dir=data))
        except ListenFailed:
            click.echo(f"{usual} is taken, so the demo takes a free port.")
            running = Gateway(GatewaySettings(data_dir=data, listen=Address(host=usual.host, port=0)))
        click.echo(WELCOME.format(url=running.url))
        running.serve(stop)
    click.echo("Stopped.")


FORMATS = ("table", "json", "csv", "chart")


@click.command
@click.argument("expr")
@click.option(
    "--url",
    metavar="URL",
    default=f"http://{GatewaySettings().listen}",
    show_default=True,
    help="The server.",
)
@click.option("--time", metavar="TIME", help="Ask at this time, not now.")
@click.option("--start", metavar="TIME", help="Ask at every step from here,")
@click.option("--end", metavar="TIME", help="to here: now by default.")
@click.option("--last", metavar="DURATION", help="Instead of --start: so long before the end.")
@click.option("--step", metavar="DURATION", help="The time between two points of a range.")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help="How to show it."
)
def query(expr: str, url: str, form: str, **asked: str | None) -> None:
    """Ask a gateway, or any Prometheus, for the answer to the query EXPR.

    TIME is a number of seconds since 1970, RFC 3339 such as 2026-09-21T13:33:20Z, now, or -1h. A chart shows
    the last hour unless told otherwise.
    """
    try:
        shown = show(Api(url), expr, Asked(**asked), form=form, terminal=_terminal())
    except WrongRequest as error:
        raise UsageProblem(str(error)) from error
    except QueryFailed as error:
        raise click.ClickException(str(error)) from error
    for note in shown.notes:
        click.echo(note, err=True)
    click.echo(shown.text, nl=False)


def _terminal() -> Terminal:
    tty = sys.stdout.isatty()
    return Terminal(
        width=shutil.get_terminal_size((100, 24)).columns, colour=tty and not os.environ.get("NO_COLOR")
    )


WELCOME = """\
The gateway runs at {url}

Try in another terminal:
  curl {url}/-/healthy
  curl {url}/api/v1/status/buildinfo
  curl {url}/metrics

Stop it with Ctrl-C."""
