"""Who is let in, and what a stranger is told."""

from __future__ import annotations

import pytest

from tests.turn.relay.clients import (
    FOREVER,
    REALM,
    SECRET,
    UDP_PAIR,
    Client,
    World,
    allocated,
    code_of,
    lifetime,
)
from turn.credentials import sign
from turn.relay.authentication import MAX_REALM_BYTES, Revoked
from turn.relay.core import Core
from turn.relay.limits import AMPLIFICATION, NONCE_LIFETIME, Limits
from turn.relay.model import CloseRelay, Transport
from turn.stun.message import build, long_term_key
from turn.stun.names import Attribute, Code, Kind, Method


def test_a_challenge_has_realm_and_nonce_and_no_signature() -> None:
    answer = Client(World.make()).bare(Method.ALLOCATE, UDP_PAIR)
    assert answer is not None
    assert code_of(answer) == Code.UNAUTHENTICATED
    assert answer.get(Attribute.REALM) == REALM.encode()
    assert answer.has(Attribute.NONCE)
    assert not answer.has(Attribute.MESSAGE_INTEGRITY)


@pytest.mark.parametrize("missing", [Attribute.USERNAME, Attribute.REALM, Attribute.NONCE])
def test_a_signed_request_without_all_of_them(missing: Attribute) -> None:
    client = allocated()
    assert code_of(client.once(Method.REFRESH, drop=missing)) == Code.BAD_REQUEST


@pytest.mark.parametrize(
    "username",
    ["", "caller", ":caller", "1700009999:", "abc:caller", "-1:caller", "1699999999:caller",
     "٣٣٣٣٣٣٣٣٣٣:caller", "9" * 40 + ":caller", "1700009999" + ":" + "x" * 600],
)  # fmt: skip
def test_usernames_that_are_none_or_have_expired(username: str) -> None:
    client = allocated()
    client.username = username
    client.key = long_term_key(username, REALM, sign(SECRET, username))
    answer = client.once(Method.REFRESH)
    assert code_of(answer) == Code.UNAUTHENTICATED
    assert answer.has(Attribute.NONCE)
    assert not answer.signed


def test_a_wrong_password_and_a_damaged_request() -> None:
    world = World.make()
    assert code_of(Client(world, secret="another").allocate()) == Code.UNAUTHENTICATED
    client = allocated(world)
    client.refresh()
    damaged = bytearray(client.last)
    damaged[30] ^= 1
    answer = world.give(bytes(damaged), client.path)
    assert answer is not None
    assert answer[:2] == b"\x01\x14", "an error response to Refresh"


def test_a_nonce_is_for_one_address_and_for_a_time() -> None:
    world = World.make()
    client = allocated(world)
    thief = Client(world, address=("198.51.100.99", 40_000))
    thief.nonce = client.nonce
    assert code_of(thief.once(Method.ALLOCATE, UDP_PAIR)) == Code.STALE_NONCE
    # The address is the same, and the way is not.
    thief = Client(world, address=client.address, transport=Transport.TCP)
    thief.nonce = client.nonce
    assert code_of(thief.once(Method.ALLOCATE, UDP_PAIR)) == Code.STALE_NONCE
    world.sleep(NONCE_LIFETIME - 1)
    assert code_of(client.once(Method.REFRESH)) is None
    world.sleep(2)
    stale = client.once(Method.REFRESH)
    assert code_of(stale) == Code.STALE_NONCE
    assert stale.get(Attribute.NONCE) != client.nonce
    assert code_of(client.refresh()) is None


@pytest.mark.parametrize("nonce", [b"", b"zzzzzzzz" + bytes(16), bytes(24), b"x" * 700])
def test_nonces_that_are_not_ours(nonce: bytes) -> None:
    client = allocated()
    client.nonce = nonce
    assert code_of(client.once(Method.REFRESH)) == Code.STALE_NONCE


def test_a_forged_request_with_an_old_nonce_is_told_401_and_not_438() -> None:
    client = allocated()
    client.world.sleep(NONCE_LIFETIME + 1)
    client.key = b"guessed"
    assert code_of(client.once(Method.REFRESH)) == Code.UNAUTHENTICATED


def test_expiry_is_strict() -> None:
    """coturn grants a Refresh after the credential's expiry; here, the allocation ends with it."""
    world = World.make()
    client = Client(world, ttl=700)
    answer = client.allocate(lifetime(3600))
    granted = answer.get(Attribute.LIFETIME)
    assert granted == (700).to_bytes(4, "big")
    world.sleep(650)
    assert client.refresh().get(Attribute.LIFETIME) == (50).to_bytes(4, "big")
    world.sleep(49)
    assert len(world.core) == 1
    world.sleep(1)
    assert len(world.core) == 0
    assert code_of(client.refresh()) == Code.UNAUTHENTICATED
    assert code_of(client.allocate()) == Code.UNAUTHENTICATED


def test_rotation_counts_at_once() -> None:
    world = World.make()
    old, new = Client(world), Client(world, secret="new", address=("198.51.100.8", 1))
    assert code_of(new.allocate()) == Code.UNAUTHENTICATED
    world.core.accept(("new", SECRET))
    assert code_of(old.allocate()) is None
    assert code_of(new.allocate()) is None
    world.core.accept(("new",))
    assert code_of(old.refresh()) == Code.UNAUTHENTICATED
    assert code_of(new.refresh()) is None


@pytest.mark.parametrize("whole", [False, True], ids=["id", "username"])
def test_revoking_ends_live_allocations_at_once(whole: bool) -> None:
    world = World.make()
    first, second = (allocated(world, address=("198.51.100.7", n)) for n in (1, 2))
    other = allocated(world, relay_id="other", address=("198.51.100.7", 3))
    name = first.username if whole else "caller"
    ended = world.core.revoke(name, world.wall + 100)
    assert {a.allocation.number for a in ended if isinstance(a, CloseRelay)} == {1, 2}
    assert len(world.core) == 1
    assert code_of(other.refresh()) is None
    assert code_of(first.allocate()) == Code.UNAUTHENTICATED
    world.core.restore(name)
    assert code_of(first.allocate()) is None
    world.core.revoke(name, world.wall + 100)
    world.sleep(100)
    assert code_of(second.allocate()) is None


def test_what_is_revoked_is_bounded() -> None:
    revoked = Revoked()
    for number in range(Revoked.MOST + 10):
        revoked.add(str(number), 1e12)
    assert len(revoked) == Revoked.MOST
    assert not revoked.has("", "0", 0.0)
    assert revoked.has("", "11", 0.0)


@pytest.mark.parametrize("method", [Method.ALLOCATE, Method.REFRESH, Method.BINDING])
@pytest.mark.parametrize("extra", [(), (UDP_PAIR,)])
def test_no_answer_to_a_stranger_is_four_times_the_request(
    method: Method, extra: tuple[tuple[int, bytes], ...]
) -> None:
    world = World.make()
    for fingerprint in (False, True):
        request = build(method, Kind.REQUEST, bytes(12), extra, fingerprint=fingerprint)
        answer = world.give(request, Client(world).path)
        assert answer is not None
        assert len(answer) <= AMPLIFICATION * len(request)


def test_the_longest_realm_is_still_answered_and_a_longer_one_is_refused() -> None:
    def core(realm: str) -> Core:
        return Core(realm=realm, accepted=(SECRET,), nonce_key=bytes(16), random=bytes)

    world = World(core("r" * MAX_REALM_BYTES))
    answer = Client(world).bare(Method.ALLOCATE, UDP_PAIR)
    assert code_of(answer) == Code.UNAUTHENTICATED
    for wrong in ("", "r" * (MAX_REALM_BYTES + 1)):
        with pytest.raises(ValueError, match="realm"):
            core(wrong)


def test_strangers_get_a_limited_number_of_answers_and_users_do_not_suffer() -> None:
    world = World.make(Limits(answers_per_source=1, answers_burst=5))
    known = allocated(world, address=("198.51.100.9", 1))
    stranger = Client(world, address=("198.51.100.9", 2))
    answers = [stranger.bare(Method.ALLOCATE, UDP_PAIR) for _ in range(20)]
    assert sum(answer is not None for answer in answers) == 4, "one was the known client's"
    assert world.core.counts.dropped["rate limit"] == 16
    assert code_of(known.refresh()) is None, "the same source, and known"
    other = Client(world, address=("198.51.100.10", 1))
    assert other.bare(Method.ALLOCATE, UDP_PAIR) is not None
    world.sleep(3)
    answers = [stranger.bare(Method.BINDING) for _ in range(20)]
    assert sum(answer is not None for answer in answers) == 3


def test_a_replayed_request_gains_nothing() -> None:
    """It is answered to the same address, to the one who has sent it before."""
    world = World.make()
    client = allocated(world, ttl=FOREVER)
    recorded = client.last
    assert code_of(client.refresh(lifetime(0))) is None
    world.sleep(NONCE_LIFETIME + 1)
    answer = world.give(recorded, client.path)
    assert answer is not None
    assert len(world.core) == 0


def test_a_clock_that_is_set_changes_no_lifetime() -> None:
    """Unix time is for the expiry of credentials alone, and jumps; timers go by the other clock."""
    world = World.make()
    client = Client(world, ttl=5000)
    client.allocate()
    client.bind(0x4000)
    world.wall -= 86_400
    assert code_of(client.refresh(lifetime(3600))) is None
    world.sleep(1000)
    assert len(world.core) == 1
    world.wall += 2 * 86_400
    world.sleep(0.0)
    assert len(world.core) == 1
    assert code_of(client.refresh()) == Code.UNAUTHENTICATED
    world.sleep(2600)
    assert len(world.core) == 0
