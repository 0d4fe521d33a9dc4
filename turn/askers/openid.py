"""The OpenID question at one place of a route (server-server API, "OpenID")."""

from __future__ import annotations

import aiohttp
from yarl import URL

from turn.askers import fetch
from turn.askers.discovery import Place, Route

USERINFO = "/_matrix/federation/v1/openid/userinfo"


def userinfo_url(base: URL, token: str) -> URL:
    """The question as a URL. It has the token in it, so it must not be shown."""
    return base.with_path(base.path.rstrip("/") + USERINFO).with_query(access_token=token)


async def ask(
    session: aiohttp.ClientSession, route: Route, place: Place, token: str, within: float
) -> fetch.Reply:
    """Ask at one of a route's places. Federation requests follow no redirects.

    :param session: one whose connections are the network's.
    :param within: seconds.
    :raises FetchFailed: no answer.
    """
    base = URL.build(scheme="https", host=place.host.strip("[]"), port=place.port)
    return await fetch.get(
        session,
        userinfo_url(base, token),
        within=within,
        headers={"Host": route.host_header},
        certificate_name=route.certificate_name,
    )
