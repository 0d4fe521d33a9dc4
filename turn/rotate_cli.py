"""`matrix-turn rotate`: the options; what it does is in `rotate_command.py`."""
# ruff: noqa: PLC0415 - help does not wait for the libraries

from __future__ import annotations

from typing import Annotated

import typer

from turn.asking import LONGEST_TTL
from turn.issuing import signed_lifetime
from turn.shared_options import REALM, SECRETS


def rotate(
    *,
    secrets: Annotated[str, SECRETS],
    realm: Annotated[str | None, REALM] = None,
    spread: Annotated[
        int,
        typer.Option(
            min=60,
            metavar="SECONDS",
            help="How long it takes until every issuer and relay has seen a change, with the"
            " difference of their clocks. Issuers of ours read every 5 s, and use what they have"
            " for 60 s while the place does not answer.",
        ),
    ] = 120,
    lifetime: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="SECONDS",
            help="The longest that any credential is signed for (not just advertised). The old"
            " secret stays that long. Without it: the most that `matrix-turn serve` gives.",
        ),
    ] = signed_lifetime(LONGEST_TTL),
    status: Annotated[
        bool, typer.Option("--status", help="Say how far the rotation is, and change nothing.")
    ] = False,
    only_continue: Annotated[
        bool,
        typer.Option("--continue", help="Carry on what is under way; never begin another one."),
    ] = False,
    once: Annotated[
        bool,
        typer.Option("--once", help="Do what is due now and end, for a timer that comes again."),
    ] = False,
    leaked: Annotated[
        bool,
        typer.Option(
            "--leaked",
            help="Somebody else knows the old secret: replace it at once. Credentials that it"
            " signed stop working.",
        ),
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print a line of JSON for each step, for programs.")
    ] = False,
) -> None:
    """Replace the shared secret of issuers and relays, while no credential is refused.

    Adds a new secret; when every issuer has it, signs with it; when everything that the old one
    has signed is over, removes that. Its state is kept beside the secrets: it may be interrupted
    at any moment, and the same command carries it on, on any machine.

    \b
    Example:
      matrix-turn rotate --secrets sqlite:/var/lib/turn/turndb --realm example.org
      matrix-turn rotate --secrets file:/etc/matrix-turn/secrets --continue --once
      matrix-turn rotate --secrets redis://127.0.0.1/0 --realm example.org --status --json
    """
    from turn.rotate_command import rotate_command, status_command
    from turn.secrets.rotate import Order
    from turn.secrets.rotation import AT_ONCE, Pace

    if status:
        raise typer.Exit(status_command(secrets, realm, as_json=json))
    if leaked and only_continue:
        raise typer.BadParameter("--leaked and --continue exclude each other: give one of them")
    pace = AT_ONCE if leaked else Pace(spread, lifetime)
    order = Order(pace, may_begin=not only_continue, wait=not once, leaked=leaked)
    raise typer.Exit(rotate_command(secrets, realm, order, as_json=json))
