"""Where no relay is."""

from __future__ import annotations

from voip.service.demo.coturn import own_address
from voip.service.demo.processes import free_port


def unused_uri() -> str:
    """A URI at which nobody listens; over TCP, so that it is known at once."""
    return f"turn:{own_address()}:{free_port(own_address())}?transport=tcp"
