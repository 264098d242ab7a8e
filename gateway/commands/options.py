"""Options that several commands have. Knows no command."""

from pathlib import Path

import click

from gateway.settings import GatewaySettings

data_dir = click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    envvar="FLEETGAUGE_DATA_DIR",
    default=GatewaySettings().data_dir,
    show_default=True,
    help="Directory of the data.  [FLEETGAUGE_DATA_DIR]",
)

url = click.option("--url", metavar="URL", help="A gateway that runs, in the place of a directory.")

token_file = click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="A file with the token for --url.",
)
