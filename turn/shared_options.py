"""Options that several commands have, so that they mean the same in each."""

from __future__ import annotations

import typer

SECRETS = typer.Option(
    "--secrets",
    envvar="TURN_SECRETS",
    metavar="PLACE",
    show_default=False,
    help="Where the relay's shared secrets are: file:PATH, or what can be rotated while coturn"
    " runs: sqlite:PATH (coturn's turndb), postgresql://... or redis://... With a password in it,"
    " use the variable: the command line can be seen by other users.",
)
REALM = typer.Option(
    "--realm",
    envvar="TURN_REALM",
    metavar="REALM",
    show_default=False,
    help="The relay's realm: a name for the site, by which databases keep its secrets apart; its"
    " domain is usual.",
)
