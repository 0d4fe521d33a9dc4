"""The command line of everything about TURN: `matrix-turn`, and the same as `voip turn`.

Each command here only reads its options; what it does is in a module of its own, which is
imported when the command runs.
"""

from __future__ import annotations

import typer

from turn.askers.find_cli import find
from turn.audit.commands import audit
from turn.coturn.cli import config
from turn.doctor.commands import check
from turn.key_cli import key_app
from turn.relay.commands import relay
from turn.rotate_cli import rotate
from turn.serve_cli import serve

app = typer.Typer(
    help="TURN for Matrix users, bots and conference hosts: credentials, a relay, and a doctor.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback with local variables would show secrets
    rich_markup_mode=None,
)


@app.callback()
def turn() -> None:
    """TURN for Matrix users, bots and conference hosts: credentials, a relay, and a doctor."""


app.command()(config)
app.command()(relay)
app.command()(rotate)
app.command()(check)
app.command()(audit)
app.command()(serve)
app.add_typer(key_app, name="key")
app.command()(find)
app.command()(rotate)
app.command()(serve)
app.add_typer(key_app, name="key")
app.command()(check)
app.command()(audit)


def main() -> None:
    """Entry point of the `matrix-turn` command."""
    app()
