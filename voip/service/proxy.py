"""A homeserver's client API under the page's own origin, for where both share one certificate."""

from __future__ import annotations

from aiohttp import ClientError, ClientSession, ClientTimeout, hdrs, web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

CONNECT_WITHIN = 10.0
SILENT_AT_MOST = 120.0
"""A sync may be quiet for as long as its client asked for, which is half a minute mostly."""

# RFC 9110 section 7.6.1: these speak of one connection; and the lengths are counted anew.
HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# Set by us; what a client says about them is not to be believed.
FORWARDED = frozenset({"host", "x-forwarded-for", "x-forwarded-proto", "forwarded"})


async def matrix_proxy(
    request: web.Request, session: ClientSession, upstream: URL
) -> web.StreamResponse:
    """Pass one request on and stream the answer back.

    502 with a Matrix error body where the homeserver does not answer.
    """
    # As it came: ids in paths are percent-encoded, and decoding them would change the path.
    path = URL(request.raw_path, encoded=True)
    target = upstream.origin().join(path)
    headers = _without(request.headers, HOP_BY_HOP | FORWARDED)
    headers["X-Forwarded-For"] = request.remote or ""
    headers["X-Forwarded-Proto"] = request.scheme
    try:
        answer = await session.request(
            request.method,
            target,
            headers=headers,
            data=request.content if request.body_exists else None,
            allow_redirects=False,
            timeout=ClientTimeout(None, sock_connect=CONNECT_WITHIN, sock_read=SILENT_AT_MOST),
        )
    except (ClientError, TimeoutError):
        body = {"errcode": "M_UNKNOWN", "error": "The homeserver does not answer."}
        return web.json_response(body, status=502, headers={"Access-Control-Allow-Origin": "*"})
    async with answer:
        response = web.StreamResponse(
            status=answer.status,
            reason=answer.reason,
            headers=_without(answer.headers, HOP_BY_HOP),
        )
        await response.prepare(request)
        if request.method != hdrs.METH_HEAD:
            async for part in answer.content.iter_any():
                await response.write(part)
        await response.write_eof()
        return response


def _without(headers: CIMultiDictProxy[str], names: frozenset[str]) -> CIMultiDict[str]:
    """Without these, and without what ``Connection`` names (RFC 9110 section 7.6.1)."""
    named = {
        name.strip().lower()
        for line in headers.getall(hdrs.CONNECTION, [])
        for name in line.split(",")
    }
    return CIMultiDict(
        (name, value) for name, value in headers.items() if name.lower() not in names | named
    )
