"""The open internet, as far as strangers may lead us: DNS answers and public addresses.

A name is resolved once for each connection, by us; what was checked is what is connected to, so
an answer that changes in between (DNS rebinding) changes nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import random
import socket
import ssl
from collections.abc import Callable, Sequence

import aiohttp
import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
from aiohttp.abc import AbstractResolver, ResolveResult

from turn.askers.addresses import is_public
from turn.askers.discovery import Place, SrvRecord, in_order
from turn.askers.server_names import parse_server_name
from turn.peers import Address

DNS_WITHIN = 4.0
MAX_ADDRESSES = 8
"""Of one name and family: an answer over TCP could hold thousands."""
MAX_RECORDS = 50
MAX_CONNECTIONS = 200
"""At a time; more wait. A process may have 1,024 files by default."""
MAX_CONNECTIONS_PER_HOST = 20
"""One slow homeserver must not take all the connections there are."""

AddressInfo = tuple[
    int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[str | int, ...]
]


class LookUpFailed(OSError):
    """The DNS gave no answer, or none that could be used."""


class NoAddress(OSError):
    """A name leads to nothing that we would connect to. The text names no address."""


class Network(AbstractResolver):
    """Looks names up and makes the connections of an aiohttp session.

    Must be opened before use: the system's DNS configuration and certificates are on disk.
    """

    def __init__(
        self,
        nameservers: Sequence[str] = (),
        *,
        dns_port: int = 53,
        permitted: Callable[[Address], bool] = is_public,
        tls: ssl.SSLContext | None = None,
        dns_within: float = DNS_WITHIN,
    ) -> None:
        """
        :param nameservers: addresses of DNS servers; the system's where empty.
        :param dns_port: theirs; the system's have their own.
        :param permitted: which addresses may be connected to.
        :param tls: which authorities to trust; the system's where None.
        :param dns_within: seconds that the DNS has for one name.
        """
        self._nameservers = list(nameservers)
        self._dns_port = dns_port
        self._dns_within = dns_within
        self._permitted = permitted
        self.tls: ssl.SSLContext | bool = tls or True
        self._dns: dns.asyncresolver.Resolver | None = None

    async def open(self) -> None:
        """Read what is on disk; once, so a change of it needs a restart."""
        self._dns = await asyncio.to_thread(self._make_dns)
        self._dns.lifetime = self._dns_within
        if not isinstance(self.tls, ssl.SSLContext):
            self.tls = await asyncio.to_thread(ssl.create_default_context)

    def connector(self) -> aiohttp.TCPConnector:
        """Connections that go where `permitted` lets them, and nowhere else."""
        return aiohttp.TCPConnector(
            resolver=self,
            use_dns_cache=False,
            force_close=True,
            limit=MAX_CONNECTIONS,
            limit_per_host=MAX_CONNECTIONS_PER_HOST,
            ssl=self.tls,
            socket_factory=self._socket,
        )

    async def srv(self, record: str) -> list[Place]:
        """Where an SRV record leads, in the order to try; empty where there is none.

        :raises LookUpFailed: the DNS gave no answer.
        """
        answer = await self._look_up(record, dns.rdatatype.SRV)
        found = [
            SrvRecord(each.priority, each.weight, each.port, target)
            for each in list(answer)[:MAX_RECORDS]
            if _is_host(target := each.target.to_text(omit_final_dot=True))
        ]
        return in_order(found, random.random)  # chance for load balance alone

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name, for aiohttp: those that are permitted.

        :raises NoAddress: there are none.
        :raises LookUpFailed: the DNS gave no answer.
        """
        addresses = await self._addresses(host)
        permitted = [address for address in addresses if self._permitted(address)]
        if not permitted:
            # One text for both reasons: strangers must not learn which names our DNS knows.
            raise NoAddress(
                f"the DNS has no public address for {host} (one in a private network needs an"
                " override in the settings)"
            )
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in permitted
        ]

    async def close(self) -> None:
        """Nothing stays open between look-ups."""

    async def _addresses(self, host: str) -> list[Address]:
        """IPv6 first, as RFC 6724 would. One family is enough where the other fails."""
        kinds = (dns.rdatatype.AAAA, dns.rdatatype.A)
        answers = await asyncio.gather(
            *(self._look_up(host, kind) for kind in kinds), return_exceptions=True
        )
        found: list[Address] = []
        failures = []
        for answer in answers:
            if isinstance(answer, OSError):
                failures.append(answer)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                addresses = [ipaddress.ip_address(each.address) for each in answer]
                found += addresses[:MAX_ADDRESSES]
        if failures and not found:
            raise failures[0]
        return found

    async def _look_up(
        self, name: str, kind: dns.rdatatype.RdataType
    ) -> dns.resolver.Answer | tuple[()]:
        if self._dns is None:
            raise RuntimeError("the network must be opened before it is used")
        try:
            # Absolute, so that no search domain of ours is tried with a stranger's name.
            absolute = dns.name.from_text(name, dns.name.root)
            return await self._dns.resolve(absolute, kind, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except dns.exception.Timeout:
            failure = LookUpFailed(f"the DNS did not answer in time for {name}")
        except (dns.exception.DNSException, OSError, EOFError):
            failure = LookUpFailed(f"the DNS gave no usable answer for {name}")
        raise failure

    def _socket(self, info: AddressInfo) -> socket.socket:
        """The last look before a connection, which sees addresses in URLs too."""
        family, kind, protocol, _, where = info
        if not self._permitted(ipaddress.ip_address(where[0])):
            raise NoAddress("an address that is not public")
        return socket.socket(family, kind, protocol)

    def _make_dns(self) -> dns.asyncresolver.Resolver:
        try:
            made = dns.asyncresolver.Resolver(configure=not self._nameservers)
        except dns.exception.DNSException:
            # A system without DNS can still ask servers at the addresses in its settings.
            made = dns.asyncresolver.Resolver(configure=False)
        if self._nameservers:
            made.nameservers = list(self._nameservers)
            made.port = self._dns_port
        return made


def _is_host(target: str) -> bool:
    """Whether an SRV target is a name to connect to; the DNS would carry any bytes."""
    try:
        return parse_server_name(target).address is None
    except ValueError:
        return False
