"""From a server name to the base URL of its homeserver (client-server API, "Server discovery")."""

from __future__ import annotations

from urllib.parse import urlsplit

import aiohttp

from voip.matrix.errors import DiscoveryError, RequestRefusedError, TransientError
from voip.matrix.http import Http

WELL_KNOWN = "/.well-known/matrix/client"
VERSIONS = "/_matrix/client/versions"


async def discover(homeserver: str, client: aiohttp.ClientSession) -> str:
    """The base URL for what the settings call the homeserver: a URL as it is, a name looked up.

    :raises DiscoveryError: what the name publishes is not a homeserver.
    :raises TransientError: it did not answer; worth another try.
    """
    if "://" in homeserver:
        return homeserver.rstrip("/")
    fallback = f"https://{homeserver}"
    try:
        published = await Http(fallback, client).request("GET", WELL_KNOWN)
    except RequestRefusedError:
        # "Well-known URI", step 3: 404 is IGNORE, and then the name itself is the homeserver.
        return await _checked(fallback, homeserver, client)
    entry = published.get("m.homeserver")
    url = entry.get("base_url") if isinstance(entry, dict) else None
    if not isinstance(url, str) or urlsplit(url).scheme not in {"http", "https"}:
        raise DiscoveryError(
            f"{fallback}{WELL_KNOWN} names no homeserver: correct that file, "
            "or give the homeserver's URL instead of the server name."
        )
    return await _checked(url.rstrip("/"), homeserver, client)


async def _checked(url: str, name: str, client: aiohttp.ClientSession) -> str:
    """Step 5: only what answers /versions is a homeserver."""
    try:
        answer = await Http(url, client).request("GET", VERSIONS)
    except RequestRefusedError as error:
        raise _no_homeserver(url, name) from error
    except TransientError:
        raise
    if not isinstance(answer.get("versions"), list):
        raise _no_homeserver(url, name)
    return url


def _no_homeserver(url: str, name: str) -> DiscoveryError:
    return DiscoveryError(
        f"{name} leads to {url}, which is no Matrix homeserver: "
        "check the name, or give the homeserver's URL."
    )
