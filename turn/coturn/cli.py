"""`matrix-turn config`: the options; what it does is in `command.py`."""
# ruff: noqa: PLC0415 - help does not wait for the libraries

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from turn.shared_options import REALM, SECRETS


def config(
    *,
    realm: Annotated[str, REALM] = "",
    secrets: Annotated[str, SECRETS] = "",
    external_ip: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PUBLIC[/PRIVATE]",
            help="The address that the outside sees; behind NAT also the one behind it.",
        ),
    ] = None,
    listening_ip: Annotated[
        list[str] | None,
        typer.Option(metavar="IP", help="Listen and relay here alone. Without it: everywhere."),
    ] = None,
    cert: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Certificate chain in PEM, for turns:.")
    ] = None,
    key: Annotated[Path | None, typer.Option(metavar="FILE", help="Its private key.")] = None,
    port: Annotated[int, typer.Option(help="For turn:, over UDP and TCP.")] = 3478,
    tls_port: Annotated[int, typer.Option(help="For turns:; 443 gets through most.")] = 5349,
    relay_ports: Annotated[
        str, typer.Option(metavar="LOW-HIGH", help="Ports of the allocations, UDP.")
    ] = "49152-51199",
    other_ports: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LOW-HIGH",
            help="UDP ports of another service on this machine, which the relay must not take.",
        ),
    ] = None,
    user_quota: Annotated[int, typer.Option(help="Allocations of one user at a time.")] = 12,
    total_quota: Annotated[int, typer.Option(help="Allocations of all users at a time.")] = 1200,
    max_bps: Annotated[
        int, typer.Option(help="Bytes a second of one allocation, each way.")
    ] = 500_000,
    bps_capacity: Annotated[
        int, typer.Option(help="Bytes a second of the whole relay; 0 for no limit.")
    ] = 0,
    allowed_peer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIRST[-LAST]",
            help="A private address that clients must reach, such as a conference server's.",
        ),
    ] = None,
    private_network: Annotated[
        bool,
        typer.Option("--private-network", help="The relay serves private addresses, on purpose."),
    ] = False,
    redis_statsdb: Annotated[
        str,
        typer.Option(
            envvar="TURN_STATSDB",
            metavar="URL",
            show_default=False,
            help="redis://... where coturn tells of allocations and traffic.",
        ),
    ] = "",
    coturn_version: Annotated[
        str,
        typer.Option(
            metavar="VERSION",
            show_default=False,
            help="Of the machine that the file is for. Without it: that of this machine, or for"
            " --check the newest.",
        ),
    ] = "",
    offline: Annotated[
        bool,
        typer.Option(
            "--offline",
            help="The file is for another machine: do not look at the database of secrets, nor at"
            " certificate and key.",
        ),
    ] = False,
    pidfile: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where coturn writes its process id.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write it here, readable by its owner alone. Without it: print it, without"
            " secrets.",
        ),
    ] = None,
    owner: Annotated[
        str,
        typer.Option(
            metavar="USER",
            show_default=False,
            help="Whom the file is to belong to (needs root); Debian's coturn is turnserver.",
        ),
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace the file that is there.")] = False,
    check: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write nothing: say what is unsafe in this turnserver.conf. Ends with status 1 if"
            " something is.",
        ),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print every decision and its reason as JSON.")
    ] = False,
) -> None:
    """Write a turnserver.conf that is safe, for the version of coturn that is installed.

    Refuses what would be unsafe, and says what to do instead. Secrets are written to the file
    alone, and never printed.

    \b
    Example:
      matrix-turn config --realm turn.example.org --secrets file:/etc/matrix-turn/secrets \\
        --external-ip 198.51.100.7 -o /etc/turnserver.conf --owner turnserver --force
      matrix-turn config --realm turn.example.org --secrets sqlite:/var/lib/turn/turndb \\
        --external-ip 198.51.100.7/10.0.0.4 --cert chain.pem --key key.pem --tls-port 443
      matrix-turn config --check /etc/turnserver.conf
    """
    from turn.coturn.command import check_command, config_command
    from turn.coturn.wishes import Target, Wishes

    if check is not None:
        raise typer.Exit(check_command(check, coturn_version, as_json=json))
    wishes = Wishes(
        realm=realm,
        secrets=secrets,
        external=tuple(external_ip or ()),
        listening=tuple(listening_ip or ()),
        certificate=cert,
        key=key,
        port=port,
        tls_port=tls_port,
        relay_ports=relay_ports,
        other_ports=tuple(other_ports or ()),
        user_quota=user_quota,
        total_quota=total_quota,
        max_bps=max_bps,
        bps_capacity=bps_capacity,
        allowed_peers=tuple(allowed_peer or ()),
        private_network=private_network,
        statsdb=redis_statsdb,
        offline=offline,
        pidfile=pidfile,
    )
    target = Target(coturn_version, output, owner, force)
    raise typer.Exit(config_command(wishes, target, as_json=json))
