"""The other side's candidates: which generation of ICE they belong to (RFC 8839 §5.1)."""

from __future__ import annotations

from aioice import Connection

from voip.media.remote import RemoteCandidates
from voip.media.sdp import Layout
from voip.signalling.ice import Candidate


def candidate(port: int, ufrag: str | None = None) -> Candidate:
    """As browsers write it: the generation stands in an extension attribute."""
    extension = "" if ufrag is None else f" generation 0 ufrag {ufrag}"
    return Candidate(f"candidate:1 1 udp 1 192.0.2.7 {port} typ host{extension}", "0", 0)


def described(ufrag: str) -> Layout:
    return Layout((), (), ufrag)


def ports(connection: Connection) -> list[int]:
    return [each.port for each in connection.remote_candidates]


async def test_candidates_of_a_restart_wait_for_its_description() -> None:
    old, new = (Connection(ice_controlling=False) for _ in range(2))
    remote = RemoteCandidates()
    await remote.start(old, described("old"))
    await remote.add([candidate(1, "old"), candidate(2, "new"), candidate(3)])
    assert ports(old) == [1, 3]
    await remote.start(new, described("new"))
    assert (ports(old), ports(new)) == ([1, 3], [2])


async def test_late_candidates_of_the_former_path_are_dropped() -> None:
    first, second, third = (Connection(ice_controlling=False) for _ in range(3))
    remote = RemoteCandidates()
    await remote.start(first, described("first"))
    await remote.start(second, described("second"))
    await remote.add([candidate(1, "first")])
    await remote.start(third, described("third"))
    assert ports(second) == ports(third) == []
    assert remote.ignored == 1
