"""The command line of everything about TURN: `matrix-turn`, and the same as `voip turn`.

Each command here only reads its options; what it does is in a module of its own, which is
imported when the command runs.
"""

from __future__ import annotations

import typer

from turn.relay.commands import relay
from turn.rotate_cli import rotate

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


app.command()(relay)
app.command()(rotate)


def main() -> None:
    """Entry point of the `matrix-turn` command."""
    app()
