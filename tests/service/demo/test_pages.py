"""The pages with and without TLS, and the certificate that is made for it."""

from __future__ import annotations

import ssl
from pathlib import Path

import aiohttp

from voip.service.demo.certificate import certificate_for
from voip.service.demo.pages import serving_pages
from voip.service.demo.plan import DemoOptions, Plan
from voip.service.demo.synapse import SynapseProcess


def page_in(folder: Path) -> Path:
    (folder / "page").mkdir()
    (folder / "page" / "index.html").write_text("<title>Calls</title>")
    return folder / "page"


def with_homeserver(plan: Plan, synapse: SynapseProcess) -> Plan:
    """The same plan around a homeserver that runs already."""
    return Plan(
        synapse.options.port,
        plan.page_ports,
        plan.relay_port,
        plan.host,
        plan.media_address,
        plan.tls,
    )


async def test_each_person_has_the_page_and_the_homeserver_may_be_talked_to(
    tmp_path: Path, synapse: SynapseProcess
) -> None:
    plan = with_homeserver(Plan.of(DemoOptions(port=None)), synapse)
    async with serving_pages(plan, page_in(tmp_path), None), aiohttp.ClientSession() as session:
        for person in ("alice", "bob"):
            async with session.get(plan.page_url(person)) as answer:
                assert "Calls" in await answer.text()
                policy = answer.headers["Content-Security-Policy"]
                assert f"connect-src 'self' {synapse.url};" in policy
            async with session.get(f"{plan.page_url(person)}/config.json") as answer:
                assert (await answer.json())["homeserver"] == synapse.url


async def test_with_tls_the_homeserver_is_beside_the_page(
    tmp_path: Path, synapse: SynapseProcess
) -> None:
    plan = with_homeserver(Plan.of(DemoOptions(port=None, lan=True)), synapse)
    certificate = certificate_for(plan.host, tmp_path)
    trusting = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))
    connector = aiohttp.TCPConnector(ssl=trusting)  # the address is checked too
    async with (
        serving_pages(plan, page_in(tmp_path), certificate.context),
        aiohttp.ClientSession(connector=connector) as session,
    ):
        page = plan.page_url("alice")
        async with session.get(f"{page}/config.json") as answer:
            assert (await answer.json())["homeserver"] == page
        async with session.get(f"{page}/_matrix/client/versions") as answer:
            assert "versions" in await answer.json()
            assert f"connect-src 'self' {page};" in answer.headers["Content-Security-Policy"]


def test_the_certificate_lasts_while_the_address_does(tmp_path: Path) -> None:
    first = certificate_for("192.0.2.10", tmp_path).fingerprint
    assert len(first.split(":")) == 32
    assert certificate_for("192.0.2.10", tmp_path).fingerprint == first
    assert certificate_for("192.0.2.11", tmp_path).fingerprint != first
    assert (tmp_path / "certificate.pem").stat().st_mode & 0o077 == 0


def test_a_damaged_certificate_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "certificate.pem").write_text("no certificate")
    assert certificate_for("192.0.2.10", tmp_path).fingerprint
