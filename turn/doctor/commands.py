"""`check`: the options. What it does is in `check_command.py`, imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

TOKEN_VARIABLE = "MATRIX_ACCESS_TOKEN"  # noqa: S105 - the name of a variable

Username = Annotated[str | None, typer.Option(metavar="NAME", help="The relay's user name.")]
PasswordFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Holds the password of --username.")
]
SecretFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Holds the relay's static-auth-secret: a credential is made with it.",
    ),
]
CaFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Authorities (PEM) to trust beside the system's."),
]
StepTimeout = Annotated[
    float, typer.Option("--timeout", min=0.1, max=60, help="Seconds for each step.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one line of JSON, for programs.")]


def check(
    uris: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[URI]...",
            show_default=False,
            help="turn:, turns: or stun: URIs. Without any: those that --homeserver gives.",
        ),
    ] = None,
    *,
    username: Username = None,
    password_file: PasswordFile = None,
    secret_file: SecretFile = None,
    ttl: Annotated[
        int, typer.Option(min=1, max=10**8, help="Seconds that a credential made here lives.")
    ] = 3600,
    homeserver: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Ask this Matrix homeserver for relays and credential."),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=f"Holds an access token of a user there. Without it: ${TOKEN_VARIABLE}.",
        ),
    ] = None,
    user: Annotated[
        str | None,
        typer.Option(
            metavar="@NAME:SERVER",
            help="Log in as this user for the question, and out again; asks for the password."
            " Finds the homeserver by itself.",
        ),
    ] = None,
    ca_file: CaFile = None,
    timeout: StepTimeout = 5.0,
    within: Annotated[
        float, typer.Option(min=1, max=600, help="Seconds for everything together.")
    ] = 60.0,
    json: Json = False,
) -> None:
    """Say whether relays work: per URI and per step, with the reason and the remedy.

    Goes the whole way of a call: name, connection, TLS, credential, allocation, and an echo through
    the relay both ways. Ends with status 0 only if every URI works.

    \b
    Example:
      matrix-turn check --homeserver https://matrix.example.org --token-file token
      matrix-turn check --user @ann:example.org
      matrix-turn check turn:turn.example.org turns:turn.example.org:443 --secret-file secret
      matrix-turn check turn:turn.example.org --username ann --password-file password --json
    """
    from turn.doctor.check_command import CommandOptions, check_command  # noqa: PLC0415
    from turn.doctor.inputs import LoginInput  # noqa: PLC0415

    login = LoginInput(username, password_file, secret_file, ttl)
    options = CommandOptions(
        tuple(uris or ()), login, homeserver, token_file, user, ca_file, timeout, within, json
    )
    raise typer.Exit(check_command(options))
