"""The methods of MediaEngine as they cross to a worker: read once from their signatures."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, get_type_hints

import msgspec

from voip.media.engine import MediaEngine
from voip.media.events import MediaEvent
from voip.media.workers.plain import Codec, NotPlain
from voip.signalling.ids import CallKey


@dataclass(frozen=True, slots=True)
class Method:
    """One that is awaited, with a codec for each argument and for the result."""

    name: str
    signature: inspect.Signature
    arguments: Mapping[str, Codec]
    result: Codec
    calls: tuple[str, ...]
    """Its arguments that name a call."""

    @classmethod
    def of(cls, function: Callable[..., Any]) -> Method:
        """Raises NotPlain where something of it cannot cross."""
        hints = get_type_hints(function)
        signature = inspect.signature(function)
        names = [name for name in signature.parameters if name != "self"]
        codecs = {}
        for name in (*names, "return"):
            try:
                codecs[name] = Codec(hints[name])
            except NotPlain as error:
                raise NotPlain(f"{function.__qualname__}, {name}: {error}") from None
        return cls(
            function.__name__,
            signature.replace(parameters=[signature.parameters[name] for name in names]),
            {name: codecs[name] for name in names},
            codecs["return"],
            tuple(name for name in names if hints[name] is CallKey),
        )

    def bind(self, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> dict[str, Any]:
        """What was given, by name. Raises TypeError as a call would."""
        return dict(self.signature.bind(*arguments, **named).arguments)

    def encode(self, given: Mapping[str, Any]) -> dict[str, msgspec.Raw]:
        return {
            name: msgspec.Raw(self.arguments[name].encode(value)) for name, value in given.items()
        }

    async def perform(self, engine: MediaEngine, given: Mapping[str, msgspec.Raw]) -> msgspec.Raw:
        """In the worker: call it. Raises what the method raises."""
        values = {name: self.arguments[name].decode(data) for name, data in given.items()}
        bound = self.signature.bind_partial()
        bound.arguments.update(values)
        result = await getattr(engine, self.name)(*bound.args, **bound.kwargs)
        return msgspec.Raw(self.result.encode(result))


METHODS: Final[Mapping[str, Method]] = {
    name: Method.of(function)
    for name, function in vars(MediaEngine).items()
    if inspect.iscoroutinefunction(function) and not name.startswith("_")
}

EVENT: Final = Codec(MediaEvent)
