"""The commands `gateway` and `demo`.

Owns what they print and their exit codes. Imports the gateway itself only when one of them runs: their help
works on an install without it.
"""

from tempfile import TemporaryDirectory

import click

from gateway.errors import ListenFailed, ListenRefused
from gateway.settings import GatewaySettings
from gateway.storage.errors import StorageError
from runtime import logs
from runtime.cli import UsageProblem, settings_command
from runtime.stop import Stop
from runtime.values import Address


@settings_command(GatewaySettings)
def gateway(settings: GatewaySettings) -> None:
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


WELCOME = """\
The gateway runs at {url}

Try in another terminal:
  curl {url}/-/healthy
  curl {url}/api/v1/status/buildinfo
  curl {url}/metrics

Stop it with Ctrl-C."""
