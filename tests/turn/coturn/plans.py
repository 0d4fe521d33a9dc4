"""Plans that the tests vary."""

from __future__ import annotations

from ipaddress import ip_address

from turn.coturn.plan import External, Plan, StaticSecrets

SECRET = "s3cret-of-the-relay-that-nobody-can-guess"
GOOD = Plan(
    realm="turn.example.org",
    secrets=StaticSecrets((SECRET,)),
    external=(External(ip_address("8.8.4.4")),),
)
