"""Host names to addresses, asked as every other program on this machine asks."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

from turn.client.errors import NameFailed, NameFault

Resolve = Callable[[str], Awaitable[Sequence[str]]]
MAX_ADDRESSES = 8


async def resolve(host: str) -> Sequence[str]:
    """Every A and AAAA of a name (at most 8), or the address itself. Raises NameFailed."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    except socket.gaierror as error:
        later = error.errno in {socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_SYSTEM}
        fault = NameFault.NO_RESOLVER if later else NameFault.UNKNOWN
        raise NameFailed(fault, (error.strerror or "no address").lower()) from None
    except UnicodeError:  # the IDNA codec's word for a label that no name may have
        raise NameFailed(NameFault.UNKNOWN, "it is no host name") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))[:MAX_ADDRESSES]
