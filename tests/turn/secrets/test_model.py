from __future__ import annotations

import pytest

from turn.secrets.model import FixedSecrets, Secrets


async def test_the_first_of_fixed_secrets_signs_and_all_are_accepted() -> None:
    assert await FixedSecrets("new", "old").secrets() == Secrets("new", ("new", "old"))


@pytest.mark.parametrize(
    ("signing", "accepted"), [("", ("",)), ("a", ()), ("a", ("b",)), ("a", ("a", ""))]
)
def test_secrets_that_no_relay_would_accept(signing: str, accepted: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="signing secret"):
        Secrets(signing, accepted)


def test_secrets_do_not_print_themselves() -> None:
    assert "hunter2" not in repr(Secrets("hunter2", ("hunter2",)))
