"""Why a relay cannot be reached: where it answers over the other transport, that is the cause."""

from __future__ import annotations

from dataclasses import replace

from turn.client.client import Client
from turn.client.errors import RelayError
from turn.client.links import open_link
from turn.client.uri import RelayUri, Transport
from turn.doctor import judge
from turn.doctor.causes import Cause
from turn.doctor.model import Finding, Step

OTHER = {
    Transport.UDP: (Transport.TCP, Cause.UDP_BLOCKED),
    Transport.TCP: (Transport.UDP, Cause.TCP_BLOCKED),
}


async def way_failure(
    step: Step, uri: RelayUri, address: str, error: RelayError, timeout: float
) -> Finding:
    """What an error on the way to one address of the relay means."""
    finding = judge.way_failure(step, error)
    silent = finding.cause in (Cause.NO_ANSWER, Cause.NOTHING_LISTENS)
    if silent and uri.transport in OTHER:
        other, cause = OTHER[uri.transport]
        if await _answers(replace(uri, transport=other), address, timeout):
            return replace(finding, cause=cause)
    return finding


async def _answers(uri: RelayUri, address: str, timeout: float) -> bool:
    try:
        link = await open_link(uri, address, None, timeout)
        async with Client(link, timeout) as client:
            await client.binding()
    except RelayError:
        return False
    return True
