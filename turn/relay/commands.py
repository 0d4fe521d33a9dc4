"""`matrix-turn relay`: the options; what it does is in `relay_command.py`."""
# ruff: noqa: PLC0415 - help does not wait for the libraries

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from turn.shared_options import REALM, SECRETS


def relay(
    *,
    listen: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS:PORT",
            show_default=False,
            help="Where clients come over UDP and TCP; may be given several times, one for IPv4"
            " and one for IPv6, say. 3478 is the usual port.",
        ),
    ] = None,
    realm: Annotated[str, REALM],
    secret_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="In place of --secrets: holds the shared secrets, one a line; all are accepted."
            " Read again when it changes.",
        ),
    ] = None,
    secrets: Annotated[str | None, SECRETS] = None,
    listen_tls: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS:PORT",
            show_default=False,
            help="Where clients come over TLS. 5349 is the usual port, and 443 passes firewalls.",
        ),
    ] = None,
    cert: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The certificate and its chain (PEM).")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The certificate's private key (PEM).")
    ] = None,
    relay_address: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS",
            show_default=False,
            help="Local address that packets to peers leave from, one of each family. Without it:"
            " the listening one.",
        ),
    ] = None,
    external_address: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS",
            show_default=False,
            help="What the relay's address is outside, where a NAT maps it one to one.",
        ),
    ] = None,
    ports: Annotated[
        str, typer.Option(metavar="FIRST-LAST", help="Relayed ports; open them in the firewall.")
    ] = "49152-65535",
    allow_peer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NETWORK",
            show_default=False,
            help="A private network that clients may reach through the relay. Everything that is"
            " not public is refused otherwise.",
        ),
    ] = None,
    user_quota: Annotated[
        int, typer.Option(min=1, metavar="N", help="Allocations of one user at the same time.")
    ] = 12,
    total_quota: Annotated[
        int, typer.Option(min=1, max=50_000, metavar="N", help="Allocations of all users.")
    ] = 1200,
    bandwidth: Annotated[
        float,
        typer.Option(
            min=0, metavar="MBIT/S", help="The most for one allocation, each way; 0: no limit."
        ),
    ] = 20.0,
    total_bandwidth: Annotated[
        float,
        typer.Option(min=0, metavar="MBIT/S", help="The most for everything; 0: no limit."),
    ] = 0.0,
    revoked_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Holds ids or user names, one a line, that are refused: within two seconds after"
            " one is added, its allocations end.",
        ),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS:PORT", help="Serve /metrics (Prometheus) and /health over HTTP here."
        ),
    ] = None,
    json: Annotated[
        bool,
        typer.Option("--json", help="When it is ready, print one line of JSON, for programs."),
    ] = False,
) -> None:
    """Run a TURN relay in this process, for small sites and tests; for many calls, use coturn.

    Serves until SIGTERM or Ctrl-C. Credentials are those of every issuer that shares a secret
    with it: `matrix-turn serve`, Synapse's turn_shared_secret, and so on.

    \b
    Example:
      matrix-turn relay --listen 203.0.113.7:3478 --realm example.org --secret-file secrets
      matrix-turn relay --listen 10.0.0.5:3478 --external-address 203.0.113.7 \\
        --listen-tls 10.0.0.5:443 --cert chain.pem --key key.pem \\
        --realm example.org --secret-file secrets --metrics 127.0.0.1:9641
    """
    from turn.relay.relay_command import Wanted, relay_command

    wanted = Wanted(
        listen=tuple(listen or ()),
        listen_tls=tuple(listen_tls or ()),
        realm=realm,
        secret_file=secret_file,
        secrets=secrets,
        cert=cert,
        key=key,
        relay_addresses=tuple(relay_address or ()),
        external=tuple(external_address or ()),
        ports=ports,
        allow_peer=tuple(allow_peer or ()),
        user_quota=user_quota,
        total_quota=total_quota,
        bandwidth=bandwidth,
        total_bandwidth=total_bandwidth,
        revoked_file=revoked_file,
        metrics=metrics,
    )
    raise typer.Exit(relay_command(wanted, as_json=json))
