"""The endpoint's probes, at a real relay."""

from __future__ import annotations

from tests.turn.endpoint.relays import unused_uri
from turn.doctor.model import Step
from turn.endpoint.probing import Prober
from turn.secrets.model import FixedSecrets
from voip.service.demo.coturn import RelayProcess


async def test_a_relay_that_works_and_one_that_is_not_there(coturn: RelayProcess) -> None:
    prober = Prober(FixedSecrets(coturn.secret))
    uris = (*coturn.uris, unused_uri())
    assert [each.ok for each in await prober.outcomes(uris)] == [True, True, False]
    assert await prober(coturn.uris[0])


async def test_a_relay_with_another_secret(coturn: RelayProcess) -> None:
    outcome = await Prober(FixedSecrets("not the relay's")).outcome(coturn.uris[0])
    assert outcome.failed is Step.ALLOCATE


async def test_another_clock_is_no_excuse(coturn: RelayProcess) -> None:
    past = Prober(FixedSecrets(coturn.secret), clock=lambda: 1_000_000_000.0)
    assert not await past(coturn.uris[0])
