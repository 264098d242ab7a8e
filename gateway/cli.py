"""The commands `gateway`, `demo`, `query`, `token` and `user`.

Owns what they print and their exit codes. Imports the gateway itself only when one of them runs: their help
works on an install without it.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from gateway.access.audit import Actor
from gateway.access.errors import AccessError
from gateway.client.api import Api
from gateway.client.errors import QueryFailed, WrongRequest
from gateway.client.show import Asked, Terminal, show
from gateway.client.tables import visible
from gateway.client.times import written
from gateway.forward.checks import problems
from gateway.forward.errors import ForwardingFailed
from gateway.settings import GatewaySettings
from gateway.storage.errors import StorageError
from runtime import logs
from runtime.cli import Reread, UsageProblem, settings_command
from runtime.errors import ListenFailed, ListenRefused, SettingsError
from runtime.settings import load
from runtime.stop import Renewal, Stop
from runtime.values import Address, Duration

if TYPE_CHECKING:
    from gateway.access.desk import Desk

# It promises to end within 5.
_AGENT_STOP_SECONDS = 6.0


@settings_command(GatewaySettings, check=problems)
def gateway(settings: GatewaySettings, reread: Reread[GatewaySettings]) -> None:
    """Run the gateway until SIGTERM or Ctrl-C.

    Each option is also a key in the file and an environment variable, whose name is in brackets. A flag wins
    over the variable, the variable over the file.
    """
    stop = Stop()
    renewal = Renewal()
    # Before the long imports: a signal in their midst would kill, or be lost.
    stop.on_signals()
    renewal.on_signal()
    from gateway.app import Gateway

    file: Path | None = click.get_current_context().params["config"]
    directory = file.parent.absolute() if file else Path.cwd()
    logs.configure(form=settings.log_format, level=settings.log_level)
    try:
        Gateway(settings, reread=reread, directory=directory).serve(stop, renewal)
    except (ListenRefused, SettingsError) as error:
        raise UsageProblem(str(error)) from error
    except (ListenFailed, StorageError, ForwardingFailed) as error:
        raise click.ClickException(str(error)) from error


@click.command
def demo() -> None:
    """Try the gateway and an agent on this machine, until Ctrl-C.

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
        running.open()  # so that what it says can be tried at once
        click.echo(WELCOME.format(url=running.url))
        with _agent(running.url, Path(data)):
            running.serve(stop, Renewal())
    click.echo("Stopped.")


@contextmanager
def _agent(url: str, directory: Path) -> Iterator[None]:
    """Run an agent of this host beside the gateway. Its settings are ours, not the environment's."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FLEETGAUGE_")}
    options = ("--listen", "127.0.0.1:0", "--state-dir", str(directory / "agent"), "--interval", "5s")
    with (directory / "agent.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, "-m", "fleetgauge", "agent", "--gateway", url, *options],
            env=inherited,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(_AGENT_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


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
@click.option(
    "--token-file", type=click.Path(path_type=Path), metavar="FILE", help="Show the token in this file."
)
@click.option("--time", metavar="TIME", help="Ask at this time, not now.")
@click.option("--start", metavar="TIME", help="Ask at every step from here,")
@click.option("--end", metavar="TIME", help="to here: now by default.")
@click.option("--last", metavar="DURATION", help="Instead of --start: so long before the end.")
@click.option("--step", metavar="DURATION", help="The time between two points of a range.")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help="How to show it."
)
def query(expr: str, url: str, token_file: Path | None, form: str, **asked: str | None) -> None:
    """Ask a gateway, or any Prometheus, for the answer to the query EXPR.

    TIME is a number of seconds since 1970, RFC 3339 such as 2026-09-21T13:33:20Z, now, or -1h. A chart shows
    the last hour unless told otherwise.
    """
    try:
        token = _in_file(token_file).strip() if token_file else ""
        shown = show(Api(url, token=token), expr, Asked(**asked), form=form, terminal=_terminal())
    except WrongRequest as error:
        raise UsageProblem(str(error)) from error
    except QueryFailed as error:
        raise click.ClickException(str(error)) from error
    for note in shown.notes:
        click.echo(note, err=True)
    click.echo(shown.text, nl=False)


ROLES: Final = ("viewer", "editor", "admin")

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _where(command: _Command) -> _Command:
    """Give a command the options that say where the data is."""
    for option in (
        click.option(
            "--data-dir", metavar="DIR", help="The gateway's data. Otherwise as its settings say: ./data."
        ),
        click.option(
            "--config", type=click.Path(path_type=Path), metavar="FILE", help="The gateway's settings."
        ),
    ):
        command = option(command)
    return command


@contextmanager
def _desk(config: Path | None, data_dir: str | None, *, new: bool = False) -> Iterator["Desk"]:
    """Open the accounts, and say what goes wrong with them; `new` if there need not be any yet."""
    try:
        settings = load(GatewaySettings, file=config, environ=dict(os.environ), flags={"data_dir": data_dir})
    except SettingsError as error:
        raise UsageProblem(str(error)) from error
    from gateway.app import open_desk
    from gateway.storage.database import FILE_NAME

    if not new and not (Path(settings.data_dir) / FILE_NAME).exists():
        raise click.ClickException(f"{settings.data_dir} has no data of a gateway. Is --data-dir right?")
    try:
        with open_desk(settings.data_dir) as desk:
            yield desk
    except (AccessError, StorageError) as error:
        sentence = str(error)
        raise click.ClickException(f"{sentence[:1].upper()}{sentence[1:]}.") from error


HERE: Final = Actor(name="command line", address="")


@click.group
def token() -> None:
    """Make, list and revoke tokens: what agents and programs show to the gateway.

    Works beside a running gateway, which takes a new token at once, and a revoked one for half a second more.
    """


class _Expiry(click.ParamType[int]):
    """A duration, as ms."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return Duration.parse(value).ms
        except ValueError:
            self.fail(f"expected {Duration.EXPECTED}", param, ctx)


@token.command("create")
@click.option(
    "--agent",
    "agents",
    metavar="GLOB",
    multiple=True,
    help="For agents with such names: to send series with such an instance. May be repeated.",
)
@click.option("--read", "selector", metavar="SELECTOR", default="", help="To read series that match this.")
@click.option("--role", type=click.Choice(ROLES), help="To do what users with this role may do.")
@click.option("--note", metavar="TEXT", default="", help="What it is for, to find it again.")
@click.option("--expires", type=_Expiry(), metavar="DURATION", help="It ends after so long.")
@_where
def token_create(
    *,
    agents: Sequence[str],
    selector: str,
    role: str | None,
    note: str,
    expires: int | None,
    config: Path | None,
    data_dir: str | None,
) -> None:
    """Make a token, and print it: it can't be shown again."""
    with _desk(config, data_dir, new=True) as desk:
        from gateway.access.desk import Order
        from gateway.access.roles import Role

        order = Order(
            agents=agents,
            selector=selector,
            role=Role(role) if role else None,
            note=note,
            expires_in_ms=expires,
        )
        made, secret = desk.create_token(order, HERE)
    click.echo(f"Token {made.id}. It is shown this once:", err=True)
    click.echo(secret)


@token.command("list")
@_where
def token_list(config: Path | None, data_dir: str | None) -> None:
    """List the tokens, without what is secret."""
    with _desk(config, data_dir) as desk:
        tokens = desk.tokens()
    rows = [
        (
            each.id,
            each.kind,
            " ".join(each.agents) or each.selector,
            _date(each.created_ms),
            _date(each.expires_ms),
            _date(each.used_ms),
            each.note,
        )
        for each in tokens
    ]
    _print_table(("id", "kind", "for", "created", "expires", "last used", "note"), rows)


@token.command("revoke")
@click.argument("token_id", metavar="ID")
@_where
def token_revoke(token_id: str, config: Path | None, data_dir: str | None) -> None:
    """Take the token with this ID no more."""
    with _desk(config, data_dir) as desk:
        desk.revoke_token(token_id, HERE)
    click.echo(f"Revoked token {token_id}.")


@click.group
def user() -> None:
    """Add, list and remove the people who may use the gateway.

    Works beside a running gateway.
    """


def _password(file: Path | None) -> str:
    """Read a password from a file, or ask for it. Other users of the host would see an option."""
    if file is None:
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    return _in_file(file).removesuffix("\n")


def _in_file(file: Path) -> str:
    """Read a secret."""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text()
    except (OSError, ValueError) as error:
        raise click.ClickException(f"{file} can't be read: {error}.") from error


_password_file = click.option(
    "--password-file",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="The password is in this file; - is the standard input. Otherwise it is asked for.",
)


@user.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True, help="What they may do.")
@_password_file
@_where
def user_add(
    name: str, role: str, password_file: Path | None, config: Path | None, data_dir: str | None
) -> None:
    """Add the user NAME. A viewer reads, an editor also edits, an admin may do everything."""
    password = _password(password_file)
    with _desk(config, data_dir, new=True) as desk:
        from gateway.access.roles import Role

        desk.add_user(name, Role(role), password, HERE)
    click.echo(f"Added {name}.")


@user.command("list")
@_where
def user_list(config: Path | None, data_dir: str | None) -> None:
    """List the users."""
    with _desk(config, data_dir) as desk:
        users = desk.users()
    _print_table(
        ("name", "role", "created"), [(each.name, each.role, _date(each.created_ms)) for each in users]
    )


@user.command("passwd")
@click.argument("name")
@_password_file
@_where
def user_passwd(name: str, password_file: Path | None, config: Path | None, data_dir: str | None) -> None:
    """Give the user NAME another password. All their sessions end."""
    password = _password(password_file)
    with _desk(config, data_dir) as desk:
        desk.change_password(name, password, HERE)
    click.echo(f"Changed the password of {name}.")


@user.command("remove")
@click.argument("name")
@_where
def user_remove(name: str, config: Path | None, data_dir: str | None) -> None:
    """Remove the user NAME. All their sessions end."""
    with _desk(config, data_dir) as desk:
        desk.remove_user(name, HERE)
    click.echo(f"Removed {name}.")


def _date(time_ms: int | None) -> str:
    return "" if time_ms is None else written(time_ms / 1000)


def _print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    lines = [[visible(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(map(str.ljust, line, widths)).rstrip())


def _terminal() -> Terminal:
    tty = sys.stdout.isatty()
    return Terminal(
        width=shutil.get_terminal_size((100, 24)).columns, colour=tty and not os.environ.get("NO_COLOR")
    )


WELCOME = """\
The gateway runs at {url}, and an agent tells it of this host.

Try in another terminal, in half a minute:
  fleetgauge query --url {url} --format chart --last 5m 'node_load1'
  fleetgauge query --url {url} 'topk(5, rate(namedprocess_namegroup_cpu_seconds_total[1m]))'
  curl {url}/api/v1/agents

Rules that are shipped watch this host already. Make an alert, and see what fires, and who was busy then:
  curl {url}/api/v1/rules/managed/try --json \\
    '{{"text": "groups: [{{name: try, interval: 5s, rules: [{{alert: Try, expr: node_load1 >= 0}}]}}]"}}'
  curl {url}/api/v1/alerts
  curl {url}/api/v1/alerts/history
  amtool --alertmanager.url={url} alert

Your own gateway tells people of them with --alertmanager-config FILE: see docs/alerts.md.

Stop it with Ctrl-C."""
