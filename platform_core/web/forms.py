"""Typed input: one msgspec Struct per form, shared by page, API and import, with every error at its field.

A field's messages come from its type and its `msgspec.Meta`; rules over several fields raise `Invalid` in the service.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec

from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator

_ = translator("web")
T = TypeVar("T", bound=msgspec.Struct)
EMPTY: dict[str, str] = {}


_CARRIED = re.compile("[0-9]{1,18}")
"""What a database keeps as a number."""


class FormData:
    """Submitted fields as text; the last value of a name counts, `getlist` gives them all."""

    def __init__(self, pairs: Sequence[tuple[str, Any]] = ()) -> None:
        self._pairs = list(pairs)
        self._last = dict(self._pairs)

    def get(self, name: str, default: str = "") -> str:
        value = self._last.get(name, default)
        return value if isinstance(value, str) else default

    def getlist(self, name: str) -> list[str]:
        return [value for key, value in self._pairs if key == name and isinstance(value, str)]

    def number(self, name: str) -> int | None:
        """Such as the version of a record that a form carries along; None where there is no number."""
        text = self.get(name)
        return int(text) if _CARRIED.fullmatch(text) else None

    def file(self, name: str) -> Any | None:
        """The uploaded file of that name (litestar UploadFile), or None when the field was left empty."""
        value = self._last.get(name)
        return value if value is not None and not isinstance(value, str) and value.filename else None

    def files(self, name: str) -> list[Any]:
        """Every uploaded file of that name."""
        return [value for key, value in self._pairs if key == name and not isinstance(value, str) and value.filename]

    def __contains__(self, name: object) -> bool:
        return name in self._last

    def pairs(self) -> list[tuple[str, str]]:
        """Every text that was sent, those of one name one after the other."""
        return [(key, value) for key, value in self._pairs if isinstance(value, str)]

    def as_dict(self) -> dict[str, str]:
        return {key: value for key, value in self._last.items() if isinstance(value, str)}


@dataclass(slots=True)
class Bound(Generic[T]):
    """A form after submission (or before: then without errors), as templates draw it."""

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    value: T | None = None

    @property
    def ok(self) -> bool:
        return self.value is not None and not self.errors

    def get(self, name: str) -> Any:
        return self.values.get(name, "")

    def error(self, name: str) -> str:
        return self.errors.get(name, "")

    def require(self) -> T:
        """The typed value. Raises Invalid with all field messages."""
        if self.value is None or self.errors:
            raise Invalid(_("Please check the marked fields."), fields=self.errors)
        return self.value

    def add(self, error: Invalid) -> Bound[T]:
        """Take over a service's refusal, so that the form shows it where it belongs."""
        self.errors.update(error.fields or {"": error.message})
        return self


def bind(struct: type[T], data: Mapping[str, Any] | FormData) -> Bound[T]:
    """Convert each field on its own, so that all mistakes are reported at once. Blank text means "not given"."""
    raw = data.as_dict() if isinstance(data, FormData) else dict(data)
    bound: Bound[T] = Bound(values=dict(raw))
    converted: dict[str, Any] = {}
    for info in _fields(struct):
        value = raw.get(info.encode_name)
        if isinstance(data, FormData) and _is_sequence(info.type):
            value = [item for item in data.getlist(info.encode_name) if item.strip()]
        elif isinstance(value, str):
            value = value.strip()
        if value is None or value == "":
            if info.required:
                bound.errors[info.encode_name] = _("Please fill this in.")
            continue
        try:
            converted[info.name] = msgspec.convert(value, info.type, strict=False)
        except msgspec.ValidationError as error:
            bound.errors[info.encode_name] = explain(str(error))
    if not bound.errors:
        bound.value = struct(**converted)
    return bound


@cache
def _fields(struct: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """Working out the types of a form's fields takes longer than drawing it."""
    return msgspec.structs.fields(struct)


def initial(struct: type[T], **values: Any) -> Bound[T]:
    """An unsubmitted form, prefilled."""
    defaults = {
        info.encode_name: info.default
        for info in _fields(struct)
        if info.default is not msgspec.NODEFAULT and info.default is not None
    }
    return Bound(values={**defaults, **{key: value for key, value in values.items() if value is not None}})


def _is_sequence(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", None) in (list, tuple, set, frozenset) or annotation in (list, tuple)


def explain(message: str) -> str:
    """A sentence for people in place of msgspec's own."""
    text = message.partition(" - at ")[0]
    if "length <=" in text:
        return _("At most %(limit)s characters.", limit=text.rsplit(" ", 1)[-1])
    if "length >=" in text:
        return _("At least %(limit)s characters.", limit=text.rsplit(" ", 1)[-1])
    for sign, sentence in (
        (">=", _("Must be %(limit)s or more.", limit=text.rsplit(" ", 1)[-1])),
        ("<=", _("Must be %(limit)s or less.", limit=text.rsplit(" ", 1)[-1])),
        ("> ", _("Must be more than %(limit)s.", limit=text.rsplit(" ", 1)[-1])),
    ):
        if sign in text and text.rsplit(" ", 1)[-1].lstrip("-").replace(".", "").isdigit():
            return sentence
    for word, sentence in (
        ("date", _("Write the date as 2026-11-22.")),
        ("`int`", _("Write a whole number.")),
        ("decimal", _("Write a number, such as 1280.50.")),
        ("`float`", _("Write a number, such as 1280.50.")),
        ("uuid", _("Please choose from the list.")),
        ("enum", _("Please choose from the list.")),
        ("regex", _("This is not in the right form.")),
    ):
        if word in text.lower():
            return sentence
    return _("This value cannot be used.")
