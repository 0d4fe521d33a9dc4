"""Finds a homeserver as the endpoint does, and tells each step of the way."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass

import aiohttp
import typer

from turn.askers import fetch, openid
from turn.askers.discovery import (
    AskSrv,
    AskWellKnown,
    Place,
    Route,
    after_srv,
    after_well_known,
    first_step,
)
from turn.askers.finder import Finder
from turn.askers.model import AskerError
from turn.askers.network import Network
from turn.askers.replies import UNKNOWN_TOKEN, read_userinfo
from turn.askers.server_names import ServerName, parse_server_name

NOBODYS_TOKEN = "matrix-turn-find"  # noqa: S105 - it opens nothing: that is what it is for


@dataclass(frozen=True, slots=True)
class Step:
    """What was done and what came of it."""

    name: str
    """``well-known``, ``srv``, ``route`` or ``openid``."""
    ok: bool | None
    """None: neither good nor bad, as with a file that need not be there."""
    text: str


def find_command(
    server_name: str, nameservers: Sequence[str], within: float, *, as_json: bool
) -> int:
    """The exit status: 0 where users of the server can be proven, 1 where not, 2: bad options."""
    try:
        name = parse_server_name(server_name)
    except ValueError:
        typer.echo(
            "that is not the name of a Matrix server: write what ends its user ids", err=True
        )
        return 2
    try:
        for each in nameservers:
            ipaddress.ip_address(each)
    except ValueError:
        typer.echo("--nameserver takes an address, such as 9.9.9.9", err=True)
        return 2
    return asyncio.run(_tell(name, Network(nameservers), within, as_json=as_json))


async def _tell(name: ServerName, network: Network, within: float, *, as_json: bool) -> int:
    taken = []
    async for step in steps(name, network, within):
        taken.append(step)
        if not as_json:  # each as it comes: a step may take its time
            mark = {True: "ok  ", False: "FAIL", None: "    "}[step.ok]
            typer.echo(f"{mark} {step.name:<10} {step.text}")
    proven = taken[-1].ok is True
    if as_json:
        content = {
            "server_name": str(name),
            "ok": proven,
            "steps": [asdict(each) for each in taken],
        }
        typer.echo(json.dumps(content))
    return 0 if proven else 1


async def steps(name: ServerName, network: Network, within: float) -> AsyncIterator[Step]:
    """The steps as they are taken; the last one says whether the server answers.

    :param within: seconds for each step.
    """
    await network.open()
    async with fetch.session(network.connector(), within) as session:
        finder = Finder(network, session, time.monotonic, within)
        step: AskWellKnown | AskSrv | Route = first_step(name)
        if isinstance(step, AskWellKnown):
            found, text = await _well_known(finder, step.host)
            yield Step("well-known", None, text)
            step = after_well_known(name, found)
        if isinstance(step, AskSrv):
            places: list[Place] = []
            for record in step.records:
                places, text = await _srv(network, record)
                yield Step("srv", None, text)
                if places:
                    break
            step = after_srv(step, places)
        async for told in _places(session, name, step, within):
            yield told


async def _places(
    session: aiohttp.ClientSession, name: ServerName, route: Route, within: float
) -> AsyncIterator[Step]:
    where = " or ".join(f"{place.host}:{place.port}" for place in route.places)
    yield Step("route", None, f"{where}, with a certificate for {route.certificate_name}")
    for place in route.places:
        answer = await _openid(session, name, route, place, within)
        yield answer
        if answer.ok:
            break


async def _well_known(finder: Finder, host: str) -> tuple[ServerName | None, str]:
    try:
        delegated, lifetime = await finder.read(host)
    except fetch.FetchFailed as error:
        return None, f"none, so {host} itself counts: {error}"
    except TimeoutError:
        return None, f"none, so {host} itself counts: it did not answer in time"
    except ValueError as error:
        return None, f"none that is valid, so {host} itself counts: {error}"
    return delegated, f"{host} delegates to {delegated}, to be kept for {lifetime:.0f} s"


async def _srv(network: Network, record: str) -> tuple[list[Place], str]:
    try:
        places = await network.srv(record)
    except OSError as error:
        return [], f"as if there were none: {error}"
    found = ", ".join(f"{place.host}:{place.port}" for place in places)
    return places, f"{record}: {found or 'none'}"


async def _openid(
    session: aiohttp.ClientSession, name: ServerName, route: Route, place: Place, within: float
) -> Step:
    where = f"{place.host}:{place.port}"
    try:
        reply = await openid.ask(session, route, place, NOBODYS_TOKEN, within)
        if reply.status in UNKNOWN_TOKEN:
            return Step("openid", True, f"{where} refuses a token that nobody has, as it should")
        read_userinfo(reply, str(name), None)
    except (fetch.FetchFailed, AskerError) as error:
        return Step("openid", False, f"{where}: {error}")
    return Step("openid", False, f"{where} vouches for somebody without a valid token")
