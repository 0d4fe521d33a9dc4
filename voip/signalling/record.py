"""Frozen data that is cheap to make: each event makes a dozen of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from typing import Any, TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, kw_only_default=False)
def record(cls: type[_T]) -> type[_T]:
    """A frozen dataclass with slots, as `dataclass(frozen=True, slots=True)` makes it.

    A frozen dataclass sets its own fields by `object.__setattr__`, which looks each name up;
    here the slots are set directly, in a quarter of the time.
    """
    return _with_quick_init(dataclass(frozen=True, slots=True)(cls), keywords=False)


@dataclass_transform(frozen_default=True, kw_only_default=True)
def keyword_record(cls: type[_T]) -> type[_T]:
    """The same with keyword arguments alone."""
    return _with_quick_init(dataclass(frozen=True, slots=True, kw_only=True)(cls), keywords=True)


def _with_quick_init(made: type[_T], *, keywords: bool) -> type[_T]:
    names: dict[str, Any] = {}
    parameters = ["self", "*"] if keywords else ["self"]
    body = []
    for field in fields(made):  # type: ignore[arg-type]  # it is a dataclass since a moment ago
        if field.default_factory is not MISSING:
            raise TypeError(f"{made.__name__}.{field.name}: a default is a value here")
        names[f"set_{field.name}"] = getattr(made, field.name).__set__
        body.append(f"    set_{field.name}(self, {field.name})")
        if field.default is MISSING:
            parameters.append(field.name)
        else:
            names[f"default_{field.name}"] = field.default
            parameters.append(f"{field.name}=default_{field.name}")
    source = "\n".join([f"def __init__({', '.join(parameters)}):", *(body or ["    pass"])])
    exec(source, names)  # noqa: S102 - of field names alone, as dataclasses does it
    init: Callable[..., None] = names["__init__"]
    init.__qualname__ = f"{made.__qualname__}.__init__"
    made.__init__ = init  # type: ignore[method-assign]  # its signature is that of the fields
    return made
