"""The interface is the engine's: whoever depends on it can be given either."""

from __future__ import annotations

import inspect

from voip.media.engine import MediaEngine
from voip.media.interface import CallMedia, Media, SampleStream
from voip.media.listening import Listening


def public(kind: type) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("_")}


def test_the_engine_has_every_method_of_the_interface() -> None:
    asked = public(Media) | public(CallMedia)
    assert asked <= public(MediaEngine)
    for name in asked - {"live", "listen"}:
        declared, real = getattr(Media, name), getattr(MediaEngine, name)
        assert inspect.signature(declared) == inspect.signature(real), name
        assert inspect.iscoroutinefunction(declared) == inspect.iscoroutinefunction(real), name


def test_listening_is_a_stream_of_samples() -> None:
    stream: type[SampleStream] = Listening
    assert public(SampleStream) <= public(stream)
