"""What a relay does for strangers, and what it offers that it need not."""

from __future__ import annotations

import asyncio
import secrets
import struct

from aioice import stun

from turn.audit.model import Finding, Verdict
from turn.client.client import Answer, Client
from turn.client.errors import ErrorResponse, RelayError
from turn.client.links import Address, open_tcp, open_udp
from turn.client.messages import Login, Protocol
from turn.doctor.judge import MAX_REALM, printable

AMPLIFICATION = 6.0
"""So many times its request an answer may be. A 401 has to hold a realm and a nonce, some 100 bytes
for 28; what is well above that is of use to whoever forges a victim's address."""
SHORTER = ("no-stun-backward-compatibility", "no-software-attribute")
ADMIN_PORTS = ((5766, "coturn's console", "no-cli"), (9641, "its metrics", "prometheus-address"))


async def strangers(client: Client) -> list[Finding]:
    """What is answered to one who has no credential. Raises RelayError where nothing is."""
    binding = await _binding(client)
    answer = await client.challenge()
    findings = [_authentication(answer), _realm(client)]
    if binding is not None:
        findings += [_discovery(binding), _amplification("Binding", binding)]
    findings += [_amplification("Allocate", answer), _software(answer)]
    return findings


async def _binding(client: Client) -> Answer | None:
    try:
        return await client.binding()
    except ErrorResponse:
        return None  # it wants a credential even for that


def _authentication(answer: Answer) -> Finding:
    probe = "allocation without a credential"
    if answer.message.error_code is None:
        close = ("use-auth-secret", "static-auth-secret=...")
        return Finding(probe, Verdict.OPEN, "given: anybody may relay", close)
    return Finding(probe, Verdict.CLOSED, f"refused with {answer.message.error_code}")


def _realm(client: Client) -> Finding:
    realm = "" if client.challenged is None else client.challenged.realm
    if len(realm) > MAX_REALM:
        text = f"{len(realm)} characters: 127 are the most (RFC 8489 section 14.9)"
        return Finding("realm", Verdict.OPEN, text, ("realm=HOST",))
    return Finding("realm", Verdict.NOTE, printable(realm) or "none")


def _software(answer: Answer) -> Finding:
    name = answer.attributes.get("SOFTWARE")
    if name is None:
        return Finding("name and version", Verdict.CLOSED, "not told to strangers")
    text = f"told to strangers: {printable(name)}"
    return Finding("name and version", Verdict.NOTE, text, ("no-software-attribute",))


def _discovery(answer: Answer) -> Finding:
    """RFC 5780's attributes: more bytes for strangers, and nobody in a call asks for them."""
    probe = "NAT discovery (RFC 5780)"
    if "OTHER-ADDRESS" in answer.attributes:
        return Finding(probe, Verdict.OPEN, "answers with OTHER-ADDRESS", ("no-rfc5780",))
    if "RESPONSE-ORIGIN" in answer.attributes:
        close = ("response-origin-only-with-rfc5780",)
        return Finding(probe, Verdict.NOTE, "not offered, but RESPONSE-ORIGIN is sent", close)
    return Finding(probe, Verdict.CLOSED, "not offered")


def _amplification(what: str, answer: Answer) -> Finding:
    """Over UDP a stranger can name any victim as the sender."""
    ratio = answer.received / answer.sent
    text = f"{answer.sent} bytes are answered with {answer.received}, {ratio:.1f} times as many"
    probe = f"amplification by {what}"
    if ratio <= AMPLIFICATION:
        return Finding(probe, Verdict.CLOSED, text)
    if "REALM" in answer.attributes:
        return Finding(probe, Verdict.OPEN, text, ("realm=A SHORT NAME", *SHORTER))
    return Finding(probe, Verdict.OPEN, text, ("no-rfc5780", *SHORTER))


async def old_stun(address: Address, timeout: float) -> Finding:
    """RFC 3489's Binding request, which has no cookie to tell it from anything else."""
    probe = "STUN of 2003 (RFC 3489)"
    request = struct.pack("!HH", stun.Method.BINDING, 0) + secrets.token_bytes(16)
    if await _datagram(address, request, timeout, request[4:]):
        close = ("no-stun-backward-compatibility",)
        return Finding(probe, Verdict.OPEN, "answered", close)
    return Finding(probe, Verdict.CLOSED, "not answered")


async def dtls(address: Address, timeout: float) -> Finding:
    """No browser uses it, and it is the part of relays with the most amplification bugs."""
    probe = "DTLS"
    handshake = 22
    answer = await _datagram(address, _client_hello(), timeout, bytes([handshake]))
    if answer:
        return Finding(probe, Verdict.OPEN, "a handshake is answered", ("no-dtls",))
    return Finding(probe, Verdict.CLOSED, "not answered")


def _client_hello() -> bytes:
    """RFC 6347 section 4.2: DTLS 1.2, three suites, no cookie yet."""
    suites = bytes.fromhex("c02bc02f009c")
    body = b"\xfe\xfd" + secrets.token_bytes(32) + b"\0\0"
    body += struct.pack("!H", len(suites)) + suites + b"\x01\x00"
    length = struct.pack("!I", len(body))[1:]
    message = b"\x01" + length + b"\0\0" + b"\0\0\0" + length + body
    return b"\x16\xfe\xff" + bytes(8) + struct.pack("!H", len(message)) + message


async def _datagram(address: Address, data: bytes, timeout: float, marks: bytes) -> bool:
    """Whether an answer comes that holds ``marks``; asked twice, it is UDP."""
    heard = asyncio.Event()

    def listen(answer: bytes) -> None:
        if marks in answer[:20]:
            heard.set()

    link = await open_udp(address)
    link.on_message = listen
    try:
        for _ in range(2):
            link.send(data)
            try:
                async with asyncio.timeout(timeout / 2):
                    await heard.wait()
            except TimeoutError:
                continue
            return True
    finally:
        link.close()
    return False


async def tcp_relaying(address: Address, login: Login, timeout: float) -> Finding:
    """RFC 6062: a relay that connects to peers over TCP reaches their web servers."""
    probe = "relaying of TCP (RFC 6062)"
    try:
        async with Client(await open_tcp(address, timeout), timeout, login) as client:
            await client.challenge()
            await client.allocate(Protocol.TCP)
    except ErrorResponse as error:
        return Finding(probe, Verdict.CLOSED, f"refused: {error}")
    except RelayError:
        return Finding(probe, Verdict.CLOSED, "not offered: no TCP here")
    return Finding(probe, Verdict.OPEN, "given", ("no-tcp-relay",))


async def expired(client: Client) -> Finding:
    """``client`` has a credential that ended an hour ago."""
    probe = "allocation with an expired credential"
    try:
        await client.challenge()
        await client.allocate()
    except ErrorResponse as error:
        return Finding(probe, Verdict.CLOSED, f"refused: {error}")
    except RelayError as error:
        return Finding(probe, Verdict.UNKNOWN, str(error))
    return Finding(probe, Verdict.OPEN, "given: its clock is wrong, or it checks no time")


async def admin_ports(host: str, timeout: float) -> list[Finding]:
    return await asyncio.gather(*(_admin(host, *each, timeout) for each in ADMIN_PORTS))


async def _admin(host: str, port: int, what: str, line: str, timeout: float) -> Finding:
    probe = f"port {port}, {what}"
    try:
        link = await open_tcp((host, port), timeout)
    except RelayError:
        return Finding(probe, Verdict.CLOSED, "not reachable from here")
    link.close()
    close = (line,) if line.startswith("no-") else (f"{line}=127.0.0.1",)
    return Finding(probe, Verdict.OPEN, "reachable from here", close)
