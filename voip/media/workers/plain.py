"""Plain data as bytes: one codec for each type that crosses to a worker and back."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Union, get_args, get_origin

import msgspec
from msgspec import inspect as msgspec_inspect


class NotPlain(TypeError):
    """A type that cannot cross to another process."""


class Codec:
    """For values of one type. Records cross without their name, so where a union has several, the
    name of the value's class is put beside it.

    Raises NotPlain for a type with anything in it that is not plain data: numbers, texts, bytes,
    paths, enums, records, and sequences, mappings and unions of those.
    """

    def __init__(self, kind: Any) -> None:
        self._encoder: Final = msgspec.msgpack.Encoder(enc_hook=_encode_path)
        members = _members(kind)
        self._named: Mapping[str, msgspec.msgpack.Decoder[Any]] | None = None
        if sum(map(_is_record, members)) > 1:
            self._named = {member.__name__: _decoder(member) for member in members}
            self._decoder: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(
                tuple[str, msgspec.Raw]
            )
        else:
            self._decoder = _decoder(kind)

    def encode(self, value: Any) -> bytes:
        data = self._encoder.encode(value)
        if self._named is None:
            return data
        return self._encoder.encode((type(value).__name__, msgspec.Raw(data)))

    def decode(self, data: bytes | msgspec.Raw) -> Any:
        """Raises msgspec.ValidationError for anything but a value of the type."""
        value = self._decoder.decode(data)
        if self._named is None:
            return value
        name, body = value
        if name not in self._named:
            raise msgspec.ValidationError(f"no such member of the union: {name!r}")
        return self._named[name].decode(body)


def _members(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in {Union, types.UnionType} else (kind,)


def _is_record(kind: Any) -> bool:
    return dataclasses.is_dataclass(kind) or (
        isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    )


def _decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    try:
        for part in _parts(msgspec_inspect.type_info(kind)):
            _check(part)
        return msgspec.msgpack.Decoder(kind, dec_hook=_decode_path)
    except TypeError as error:
        raise NotPlain(f"{kind}: {error}") from None


def _check(part: msgspec_inspect.Type) -> None:
    if isinstance(part, msgspec_inspect.CustomType) and part.cls is not Path:
        raise NotPlain(f"{part.cls.__name__} is no plain data")
    if isinstance(part, msgspec_inspect.AnyType):
        raise NotPlain("Any says nothing about what crosses")


def _parts(whole: Any, seen: set[int] | None = None) -> Iterator[msgspec_inspect.Type]:
    """A type and everything that it is made of."""
    seen = set() if seen is None else seen
    if isinstance(whole, tuple):
        for one in whole:
            yield from _parts(one, seen)
    elif isinstance(whole, msgspec_inspect.Type | msgspec_inspect.Field) and id(whole) not in seen:
        seen.add(id(whole))
        if isinstance(whole, msgspec_inspect.Type):
            yield whole
        for name in whole.__struct_fields__:
            yield from _parts(getattr(whole, name), seen)


def _encode_path(value: object) -> str:
    if isinstance(value, Path):
        return str(value)
    raise NotPlain(f"{type(value).__name__} is no plain data")


def _decode_path(kind: type, value: object) -> Path:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise NotPlain(f"{kind.__name__} is no plain data")
