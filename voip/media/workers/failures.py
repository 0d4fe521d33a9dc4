"""Errors across the border: by name, out of a closed table, with the texts and numbers in them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final

from voip.media import errors, libopus, sound_errors
from voip.media.errors import WorkerFailed
from voip.signalling.record import Record

Scalar = str | int | float | bool | None


class Failure(Record, array_like=True):
    name: str
    """Of the error's class, or of the nearest base class that is in the table."""
    arguments: tuple[Scalar, ...]
    fields: dict[str, Scalar]


def _errors_of(*modules: ModuleType) -> dict[str, type[Exception]]:
    return {
        name: kind
        for module in modules
        for name, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Exception) and kind.__module__ == module.__name__
    }


KNOWN: Final[Mapping[str, type[Exception]]] = {
    **_errors_of(errors, libopus, sound_errors),
    **{kind.__name__: kind for kind in (OSError, ValueError, TypeError)},
}


def packed(error: Exception) -> Failure:
    for kind in type(error).__mro__:
        if KNOWN.get(kind.__name__) is kind:
            return Failure(
                kind.__name__,
                tuple(one for one in error.args if isinstance(one, Scalar)),
                {name: one for name, one in vars(error).items() if isinstance(one, Scalar)},
            )
    return Failure(WorkerFailed.__name__, (f"the media failed: {type(error).__name__}",), {})


def unpacked(failure: Failure) -> Exception:
    kind = KNOWN.get(failure.name, WorkerFailed)
    # Not by its constructor, which may make the text that is here already.
    error: Any = kind.__new__(kind, *failure.arguments)
    vars(error).update(failure.fields)
    assert isinstance(error, Exception)  # noqa: S101
    return error
