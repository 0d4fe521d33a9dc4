"""One URI, from its grammar to an echo through the relay; every step adds a finding.

A name may have several addresses, and a client takes any of them: each is taken through all steps.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from turn.client.client import Allocation, Client
from turn.client.errors import (
    ErrorResponse,
    NameFailed,
    NameFault,
    RelayError,
    TlsFailed,
    Unreachable,
)
from turn.client.links import Link, StreamLink, open_link, start_tls
from turn.client.messages import Family, Login
from turn.client.names import Resolve, resolve
from turn.client.patience import allocate
from turn.client.tls import facts_of
from turn.client.uri import RelayUri, Transport, UriError, parse_uri
from turn.doctor import judge
from turn.doctor.causes import Cause
from turn.doctor.echo import End, echo
from turn.doctor.model import Finding, Report, Step, Verdict, failed, ok, skipped, warning
from turn.doctor.ways import way_failure

DIRECT_ROUNDS = 5
FAMILY_NOT_SUPPORTED = 440  # RFC 8656 section 7.2
MINTED_FOR = 10 * 365 * 86400
"""Seconds: a credential that lives this long is refused for its signature or not at all."""


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What every check of a run has in common."""

    login: Login | None
    """Without it the check ends at the relay's question for a credential."""
    tls: ssl.SSLContext
    timeout: float = 5.0
    """Seconds for each step."""
    resolve: Resolve = resolve
    wall_clock: Callable[[], float] = time.time
    mint: Callable[[int], Login] | None = None
    """Where the relay's secret is at hand: a credential for so many seconds."""


class _Stop(Exception):
    """A step failed, and none after it can be tried."""


class Check:
    """``await Check(text, options, report, tell).run()`` fills the report and raises nothing."""

    def __init__(
        self,
        text: str,
        options: CheckOptions,
        report: Report,
        tell: Callable[[Report, Step], None] = lambda _report, _step: None,
    ) -> None:
        self._text = text
        self._options = options
        self._report = report
        self._tell = tell
        self._address: str | None = None
        self._family: Family | None = None
        """What an allocation must be asked for; None is what clients do."""

    async def run(self) -> None:
        try:
            uri = self._parse()
            self._judge_credential(uri)
            addresses = await self._names(uri)
        except _Stop:
            self._report.done = True
            return
        for address in addresses:
            self._address = address if len(addresses) > 1 else None
            self._family = None
            try:
                await self._one_address(uri, address)
            except _Stop:
                continue
        self._report.done = True
        if all(each.verdict is Verdict.SKIPPED for each in self._of(Step.CONNECT)):
            self._address = None  # nothing was shown to work
            text = "none of its addresses can be reached from this machine"
            self._add(failed(Step.CONNECT, text, Cause.UNREACHABLE))

    def _parse(self) -> RelayUri:
        self._tell(self._report, Step.URI)
        try:
            uri = parse_uri(self._text)
        except UriError as error:
            raise self._fail(failed(Step.URI, str(error), Cause.URI_GRAMMAR)) from None
        if uri.transport is Transport.DTLS:
            raise self._fail(failed(Step.URI, "TURN over DTLS", Cause.DTLS_URI))
        words = f"{uri.host}, port {uri.port}, over {uri.transport.value.upper()}"
        self._add(ok(Step.URI, words))
        return uri

    def _judge_credential(self, uri: RelayUri) -> None:
        # A credential that has expired is tried all the same: the relay's clock decides.
        if uri.relays and self._options.login is not None:
            self._add(judge.credential(self._options.login.username, self._times()))

    async def _names(self, uri: RelayUri) -> list[str]:
        self._tell(self._report, Step.DNS)
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self._options.timeout):
                addresses = await self._options.resolve(uri.host)
        except NameFailed as error:
            raise self._fail(judge.name_failure(uri.host, error)) from None
        except TimeoutError:
            slow = NameFailed(NameFault.NO_RESOLVER, "the name servers do not answer")
            raise self._fail(judge.name_failure(uri.host, slow)) from None
        self._add(ok(Step.DNS, ", ".join(addresses), time.perf_counter() - started))
        return list(addresses)

    async def _one_address(self, uri: RelayUri, address: str) -> None:
        link = await self._connect(uri, address)
        # Binding over UDP is what shows that anybody is there; it stands for the connection too.
        async with Client(link, self._options.timeout, self._options.login) as client:
            direct = await self._binding(client, uri, address)
            if not uri.relays:
                self._add(warning(Step.ALLOCATE, "it is not asked to relay", Cause.NOT_A_RELAY))
                return
            await self._challenge(client)
            allocation = await self._allocate(client, uri, address)
            self._tell(self._report, Step.ECHO)
            end = End(client, allocation)
            findings, relayed = await echo(
                end, lambda: self._second(uri, address, self._options.login)
            )
            self._add(*findings)
            self._add(judge.latency(direct, relayed))

    async def _connect(self, uri: RelayUri, address: str) -> Link:
        self._tell(self._report, Step.CONNECT)
        started = time.perf_counter()
        try:
            link = await open_link(uri, address, None, self._options.timeout)
        except Unreachable as error:
            if error.no_route:
                text = f"not tried: this machine has no way to {address}"
                raise self._fail(skipped(Step.CONNECT, text)) from None
            raise await self._way_failed(Step.CONNECT, uri, address, error) from None
        except RelayError as error:
            raise await self._way_failed(Step.CONNECT, uri, address, error) from None
        if isinstance(link, StreamLink):
            self._add(ok(Step.CONNECT, "TCP", time.perf_counter() - started))
            if uri.transport is Transport.TLS:
                await self._tls(link, uri)
        return link

    async def _tls(self, link: StreamLink, uri: RelayUri) -> None:
        self._tell(self._report, Step.TLS)
        started = time.perf_counter()
        try:
            await start_tls(link, self._options.tls, uri.host, self._options.timeout)
        except TlsFailed as error:
            raise self._fail(judge.tls_failure(error.fault, str(error))) from None
        except RelayError as error:
            raise self._fail(judge.way_failure(Step.TLS, error)) from None
        facts = facts_of(link.opened.get_extra_info("ssl_object"))
        finding = judge.certificate(facts, self._options.wall_clock())
        self._add(replace(finding, seconds=time.perf_counter() - started))

    async def _binding(self, client: Client, uri: RelayUri, address: str) -> list[float]:
        self._tell(self._report, Step.BINDING)
        udp = uri.transport is Transport.UDP
        try:
            rounds = [(await client.binding()).seconds for _ in range(DIRECT_ROUNDS)]
        except RelayError as error:
            finding = judge.way_failure(Step.BINDING, error)
            if finding.cause is Cause.BINDING_REFUSED:
                if udp:
                    self._add(ok(Step.CONNECT, "UDP, answered"))
                self._add(replace(finding, verdict=Verdict.WARNING))
                return []
            step = Step.CONNECT if udp else Step.BINDING
            raise await self._way_failed(step, uri, address, error) from None
        if udp:
            self._add(ok(Step.CONNECT, "UDP, answered", rounds[0]))
        self._add(ok(Step.BINDING, "it told us our address", rounds[0]))
        return rounds

    async def _challenge(self, client: Client) -> None:
        self._tell(self._report, Step.CHALLENGE)
        try:
            answer = await client.challenge()
        except RelayError as error:
            raise self._fail(judge.way_failure(Step.CHALLENGE, error)) from None
        if client.challenged is not None:
            self._add(judge.challenge(client.challenged.realm, answer.seconds))
        elif answer.message.error_code is None:
            text = "it allocates for anybody, without a credential"
            raise self._fail(failed(Step.CHALLENGE, text, Cause.NO_AUTHENTICATION))
        else:
            code = answer.message.error_code
            cause = judge.BY_CODE.get(code, Cause.ALLOCATE_REFUSED)
            raise self._fail(failed(Step.CHALLENGE, f"the relay says {code}, not 401", cause))

    async def _allocate(self, client: Client, uri: RelayUri, address: str) -> Allocation:
        self._tell(self._report, Step.ALLOCATE)
        login = self._options.login
        if login is None:
            text = "no credential was given"
            raise self._fail(failed(Step.ALLOCATE, text, Cause.CREDENTIAL_MISSING))
        started = time.perf_counter()
        try:
            allocation = await self._allocation(client)
        except RelayError as error:
            finding = judge.allocate_failure(error, login.username, self._times())
            if finding.cause is Cause.CREDENTIAL_REFUSED and await self._clock_is_wrong(
                uri, address
            ):
                finding = replace(finding, cause=Cause.CREDENTIAL_CLOCK)
            raise self._fail(finding) from None
        text = f"for {judge.duration(allocation.lifetime)}"
        self._add(ok(Step.ALLOCATE, text, time.perf_counter() - started))
        self._add(judge.relay_address(address, allocation.relayed[0]))
        self._report.findings = judge.taken(self._report.findings)
        return allocation

    async def _allocation(self, client: Client) -> Allocation:
        """As most clients ask, and for IPv6 where the relay has nothing else. Raises RelayError."""
        try:
            return await allocate(client)
        except ErrorResponse as error:
            if error.code != FAMILY_NOT_SUPPORTED:
                raise
        self._family = Family.IPV6
        allocation = await allocate(client, self._family)
        text = "it gives IPv6 only, and only to clients that ask for it"
        self._add(warning(Step.ALLOCATE, text, Cause.RELAY_FAMILY))
        return allocation

    async def _clock_is_wrong(self, uri: RelayUri, address: str) -> bool:
        """Refused with the secret at hand: would one that lives for years be taken?"""
        if self._options.mint is None:
            return False
        try:
            end = await self._second(uri, address, self._options.mint(MINTED_FOR))
        except RelayError:
            return False
        async with end.client:
            return True

    async def _second(self, uri: RelayUri, address: str, login: Login | None) -> End:
        """Another client of the same relay, with an allocation. Raises RelayError."""
        link = await open_link(uri, address, self._options.tls, self._options.timeout)
        client = Client(link, self._options.timeout, login)
        try:
            await client.challenge()
            return End(client, await allocate(client, self._family))
        except BaseException:
            link.close()
            raise

    async def _way_failed(
        self, step: Step, uri: RelayUri, address: str, error: RelayError
    ) -> _Stop:
        return self._fail(await way_failure(step, uri, address, error, self._options.timeout))

    def _of(self, step: Step) -> list[Finding]:
        return [each for each in self._report.findings if each.step is step]

    def _times(self) -> judge.Times:
        return judge.Times(self._options.wall_clock())

    def _add(self, *findings: Finding) -> None:
        self._report.findings += [replace(each, address=self._address) for each in findings]

    def _fail(self, finding: Finding) -> _Stop:
        self._add(finding)
        return _Stop()
