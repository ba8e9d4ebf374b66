"""Own fields in uploaded tables.

In the values of a row they stand as `custom.<key>`, as they are kept, and as `secret.<key>` in the clear where the
field is sensitive: rows are stored encrypted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy.orm import Session

from platform_core.customers.custom import values as own
from platform_core.customers.custom.definitions import PREFIX, Field, known
from platform_core.customers.importing.columns import TARGETS, Target
from platform_core.kernel import cells
from platform_core.users import labels

SECRET = "secret."  # noqa: S105  no password: the beginning of a name


def targets(session: Session) -> Mapping[str, Target]:
    """What a column can become, own fields included; these are found by their name and by their code."""
    fields = [item for item in known(session).fields if item.is_usable]
    if not fields:
        return TARGETS
    return {**TARGETS, **{item.name: Target(item.name, f"{item.label};{item.key}", "own", label=item.label)
                          for item in fields}}  # fmt: skip


def is_own(name: str) -> bool:
    return name.startswith((PREFIX, SECRET))


def key_of(name: str) -> str:
    return name.removeprefix(PREFIX).removeprefix(SECRET)


def named(item: Field) -> str:
    return SECRET + item.key if item.data.sensitive else item.name


def defaults(session: Session) -> dict[str, Any]:
    """Of fields for all customers; a classification is only known row by row."""
    found = {}
    for item in known(session).fields:
        if item.is_usable and item.data.default and not item.data.classifications:
            try:
                found[item.name] = own.read(session, item, item.data.default)
            except ValueError:  # its entry has been disabled since
                continue
    return found


def people(session: Session) -> dict[str, str]:
    """Name -> id of those at work whose name nobody else has."""
    found: dict[str, list[str]] = {}
    for key, person in labels.labels(session).people.items():
        if person.active:
            found.setdefault(person.name, []).append(str(key))
    return {name: keys[0] for name, keys in found.items() if len(keys) == 1}


def text_of(item: Field, cell: object) -> str:
    """The cell as its type reads it: a spreadsheet's days and numbers are no texts yet."""
    if item.is_date:
        day = cells.parse_date(cell)
        return day.isoformat() if day else ""
    if item.is_number:
        number = cells.parse_number(cell)
        return "" if number is None else format(number, "f")
    return cells.parse_text(cell)


def parts(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(custom, secrets) of a new customer: what `Customer.custom` holds, masks included, and the clear values."""
    custom = {key_of(name): value for name, value in values.items() if name.startswith(PREFIX)}
    secrets = {key_of(name): value for name, value in values.items() if name.startswith(SECRET)}
    return custom | {key: own.mask(clear) for key, clear in secrets.items()}, secrets


def changes(customer: Any, values: Mapping[str, Any], *, overwrite: bool) -> Iterator[tuple[str, list[Any]]]:
    """name -> [before, after] of what a row would change. A secret is filled in, never written over."""
    held = customer.custom or {}
    for name, new in values.items():
        if not is_own(name) or new is None:
            continue
        old = held.get(key_of(name))
        if name.startswith(SECRET):
            if old is None:
                yield name, [None, new]
        elif old is None or (overwrite and old != new):
            yield name, [old, new]


def present(customer: Any, name: str, given: Any) -> Any:
    """What the customer has there, in the form of `given`: of a secret, whose mask alone is known, `given` itself."""
    held = (customer.custom or {}).get(key_of(name))
    return given if name.startswith(SECRET) and held == own.mask(str(given)) else held


def write(session: Session, customer: Any, values: Mapping[str, Any]) -> None:
    made = own.Change()
    for name, value in values.items():
        key = key_of(name)
        is_secret = name.startswith(SECRET)
        if is_secret:
            made.secrets[key] = value
        made.after[PREFIX + key] = own.mask(value) if is_secret and value is not None else value
    own.apply(session, customer, made)


def told(values: Mapping[str, Any]) -> dict[str, Any]:
    """For the audit and for people: secrets under the field's own name, as masks."""
    return {
        PREFIX + key_of(name) if is_own(name) else name: own.mask(value)
        if name.startswith(SECRET) and value is not None
        else value
        for name, value in values.items()
    }
