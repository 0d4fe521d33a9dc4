"""What a homeserver, or whoever says to be one, can answer: see `targets.py`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Final

from yarl import URL

from turn.askers.addresses import is_public
from turn.askers.discovery import Place, Route, after_srv, after_well_known, first_step
from turn.askers.fetch import Reply
from turn.askers.model import AskerError
from turn.askers.replies import read_userinfo, read_whoami
from turn.askers.server_names import ServerName, parse_server_name
from turn.askers.well_known import MAX_LIFETIME, lifetime, read_well_known, redirected

_FILE: Final = URL("https://example.org/.well-known/matrix/server")


def discovery(data: bytes) -> None:
    """A line each: server name, Cache-Control, Age, Location; the rest is a well-known file."""
    name, control, age, location, body = (data.split(b"\n", 4) + [b""] * 5)[:5]
    headers = {"Cache-Control": _text(control), "Age": _text(age)}
    assert 0 <= lifetime(headers) <= MAX_LIFETIME
    with contextlib.suppress(ValueError):
        target = redirected(_FILE, _text(location))
        assert target.scheme == "https"
        assert target.raw_host
    asked = _name(_text(name))
    delegated = None
    with contextlib.suppress(ValueError):
        delegated = read_well_known(body)
    for each in filter(None, (asked, delegated)):
        _follow(each, delegated)


def userinfo(data: bytes) -> None:
    """The first line is the server that was asked, the rest its answer."""
    name, _, body = data.partition(b"\n")
    server = _text(name)
    for status in (200, 401):
        with contextlib.suppress(AskerError):
            user = read_userinfo(Reply(status, {}, body), server, None)
            assert user.user_id.endswith(f":{server}")
            assert user.user_id.isprintable()
    with contextlib.suppress(AskerError):
        assert read_whoami(Reply(200, {}, body), server).server_name == server


def _follow(name: ServerName, delegated: ServerName | None) -> None:
    """Every step from here; what is connected to is a name of the grammar or a known address."""
    first = first_step(name)
    step = first if isinstance(first, Route) else after_well_known(name, delegated)
    route = step if isinstance(step, Route) else after_srv(step, [Place("srv.example", 1)])
    for place in route.places:
        assert 0 < place.port < 65536
        again = parse_server_name(place.host)
        assert again.port is None
        if again.address is not None:
            is_public(again.address)


def _name(text: str) -> ServerName | None:
    try:
        return parse_server_name(text)
    except ValueError:
        return None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    "discovery": discovery,
    "userinfo": userinfo,
}
