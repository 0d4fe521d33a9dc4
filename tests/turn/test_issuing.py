"""The pure core: lifetimes, ids, and what is signed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turn.asking import Asker, Kind, Terms
from turn.credentials import MAX_USERNAME_BYTES, relay_id_of, sign
from turn.issuing import (
    ID_PREFIX,
    BadRequest,
    Issued,
    is_of,
    issue,
    key_tag,
    lifetime,
    relay_id,
    signed_lifetime,
)

URIS = ("turn:a.example.org",)
HOLDER = Asker(Kind.KEY, "key:one", Terms(), "meet-", ())
OTHER = Asker(Kind.KEY, "key:two", Terms(), "meet-", ())
ANN = Asker(Kind.LOCAL, "@ann:example.org", Terms())


def hash_id(text: str) -> str:
    return relay_id_of("key of the ids", text)


def roll() -> str:
    return "dice"


@given(st.integers(60, 7 * 86400), st.floats(0, 4e9))
def test_the_relay_accepts_it_for_a_fifth_longer_than_is_told(ttl: int, now: float) -> None:
    issued = issue("secret", "id", ttl, URIS, now)
    signed_until = int(issued.username.partition(":")[0])
    assert issued.expires == int(now) + ttl
    assert signed_until - int(now) == signed_lifetime(ttl) >= ttl * 1.2
    assert issued.password == sign("secret", issued.username)


def test_a_lifetime_within_the_terms() -> None:
    terms = Terms(ttl=3600, longest_ttl=7200)
    assert [lifetime(terms, asked) for asked in (None, 60, 7200)] == [3600, 60, 7200]
    for wrong in (0, 59, 7201):
        with pytest.raises(BadRequest, match="from 60 to 7200 seconds"):
            lifetime(terms, wrong)


def test_a_user_has_one_id_and_a_holder_one_for_each_of_its_users() -> None:
    assert relay_id(hash_id, ANN, None, roll) == relay_id(hash_id, ANN, "ignored", roll)
    ids = {relay_id(hash_id, HOLDER, user, roll) for user in ("ann", "bob", None)}
    assert len(ids) == 3
    assert all(each.startswith(key_tag(hash_id, HOLDER)) for each in ids)
    assert relay_id(hash_id, HOLDER, "ann", roll) != relay_id(hash_id, OTHER, "ann", roll)


@given(st.text(max_size=100), st.text(alphabet="aZ09._-", max_size=64))
def test_an_id_reveals_nothing_and_fits(user: str, prefix: str) -> None:
    assert ID_PREFIX.fullmatch(prefix)
    asker = Asker(Kind.KEY, "key:one", Terms(), prefix, ())
    id_ = relay_id(hash_id, asker, user.encode(errors="replace").decode(), roll)
    assert ":" not in id_
    assert len(f"99999999999:{id_}") <= MAX_USERNAME_BYTES
    if len(user) > 3:
        assert user not in id_.removeprefix(prefix)


def test_a_username_belongs_to_the_key_that_it_was_made_for() -> None:
    now = 1_700_000_000
    id_ = relay_id(hash_id, HOLDER, "ann", roll)
    assert is_of(hash_id, HOLDER, f"{now}:{id_}", now)
    assert not is_of(hash_id, OTHER, f"{now}:{id_}", now)
    wrong = ["", str(now), f"x:{id_}", f":{id_}", f"{now}:{id_}\nother", f"{now}:{id_}:x"]
    over = [f"{now - 1}:{id_}", f"{now + 10**9}:{id_}"]
    assert not [each for each in wrong + over if is_of(hash_id, HOLDER, each, now)]


def test_nothing_is_shown_in_a_repr() -> None:
    issued = issue("secret", "id", 60, URIS, 0)
    assert isinstance(issued, Issued)
    for text in (repr(issued), str(issued), f"{ANN!r} {HOLDER}"):
        assert not {issued.password, issued.username, "ann", "key:one"} & set(text.split("'"))
        assert issued.password not in text
        assert "@ann" not in text
