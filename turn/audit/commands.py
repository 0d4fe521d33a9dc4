"""`audit`: the options. What it does is in `audit_command.py`, imported when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from turn.doctor.commands import CaFile, Json, PasswordFile, SecretFile, StepTimeout, Username


def audit(
    uris: Annotated[
        list[str],
        typer.Argument(metavar="URI...", show_default=False, help="turn: and turns: URIs."),
    ],
    *,
    username: Username = None,
    password_file: PasswordFile = None,
    secret_file: SecretFile = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NETWORK",
            show_default=False,
            help="Peers that are meant to be reachable, such as 10.1.2.3 or 10.1.2.0/24; may be"
            " given several times. The relay's own address is allowed without it.",
        ),
    ] = None,
    quota: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=200,
            help="Try whether one user gets more allocations than this.",
        ),
    ] = None,
    ca_file: CaFile = None,
    timeout: StepTimeout = 5.0,
    json: Json = False,
) -> None:
    """Prove that a running relay is closed: try through it what nobody should be able to do.

    Allocates and asks for forbidden peers (IPv4, IPv6, and IPv4 hidden in IPv6); comes as a
    stranger, with old TLS, and for what relays offer beside. Sends nothing to any peer. Ends with
    status 0 only if everything was tried and refused. Audit your own relays only.

    \b
    Example:
      matrix-turn audit turn:turn.example.org --secret-file secret
      matrix-turn audit turn:turn.example.org turns:turn.example.org --secret-file secret --json
      matrix-turn audit turn:10.1.2.3 --secret-file secret --allow 10.1.2.0/24 --quota 12
    """
    from turn.audit.audit_command import CommandOptions, audit_command  # noqa: PLC0415
    from turn.doctor.inputs import LoginInput  # noqa: PLC0415

    login = LoginInput(username, password_file, secret_file)
    options = CommandOptions(tuple(uris), login, tuple(allow or ()), quota, ca_file, timeout, json)
    raise typer.Exit(audit_command(options))
