"""Every way in which a homeserver can answer badly has a typed error."""

from __future__ import annotations

import aiohttp
import pytest

from tests.matrix.faults import DROP, HANG, Answer, FaultyHomeserver, limited
from voip.matrix.errors import (
    MatrixError,
    NoAnswerError,
    RateLimitedError,
    RequestRefusedError,
    ServerTroubleError,
    TransientError,
)
from voip.matrix.http import LARGE, Http, path

WHERE = "/_matrix/client/v3/sync"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (limited(1500), RateLimitedError),
        ((429, {}), RateLimitedError),
        ((500, {"errcode": "M_UNKNOWN"}), ServerTroubleError),
        ((502, {}), ServerTroubleError),
        ((504, {}), ServerTroubleError),
        ((408, {}), ServerTroubleError),
        ("<html>Bad gateway</html>", ServerTroubleError),
        ("[1, 2]", ServerTroubleError),
        ('{"cut": "of', ServerTroubleError),
        ("[" * 100_000, ServerTroubleError),
        (DROP, NoAnswerError),
        (HANG, NoAnswerError),
    ],
)
async def test_what_may_pass_is_transient(
    faulty: FaultyHomeserver, client: aiohttp.ClientSession, answer: Answer, kind: type[MatrixError]
) -> None:
    faulty.on(WHERE, answer)
    with pytest.raises(kind) as raised:
        await Http(faulty.url, client).request("GET", WHERE, token="syt_secret", timeout=0.2)
    assert isinstance(raised.value, TransientError)
    assert "syt_secret" not in repr(raised.getrepr(style="value"))


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [(limited(1500), 1.5), (limited(0), 0.05), (limited(10**9), 300.0), ((429, {}), 2.0)],
)
async def test_the_pause_that_a_homeserver_asks_for(
    faulty: FaultyHomeserver, client: aiohttp.ClientSession, answer: Answer, seconds: float
) -> None:
    faulty.on(WHERE, answer)
    with pytest.raises(RateLimitedError) as raised:
        await Http(faulty.url, client).request("GET", WHERE)
    assert raised.value.retry_after == seconds


async def test_nobody_there(client: aiohttp.ClientSession, unused_tcp_port: int) -> None:
    with pytest.raises(NoAnswerError):
        await Http(f"http://127.0.0.1:{unused_tcp_port}", client).request("GET", WHERE)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413])
async def test_a_no_carries_its_reason(
    faulty: FaultyHomeserver, client: aiohttp.ClientSession, status: int
) -> None:
    faulty.on(WHERE, (status, {"errcode": "M_X", "error": "because", "soft_logout": True}))
    with pytest.raises(RequestRefusedError, match=f"{status} M_X because") as raised:
        await Http(faulty.url, client).request("GET", WHERE)
    error = raised.value
    assert (error.status, error.errcode, error.soft_logout) == (status, "M_X", True)


async def test_a_large_answer_is_read_too(
    faulty: FaultyHomeserver, client: aiohttp.ClientSession
) -> None:
    faulty.on(WHERE, {"long": "x" * LARGE})
    answer = await Http(faulty.url + "/", client).request("GET", WHERE)
    assert len(answer["long"]) == LARGE


def test_paths_are_escaped() -> None:
    assert path("rooms", "!a/b:x", "..") == "/_matrix/client/v3/rooms/%21a%2Fb%3Ax/.."
