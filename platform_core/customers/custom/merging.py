"""Own fields of two records that become one: chosen field by field, and given back by the way back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from platform_core.customers.custom import values
from platform_core.customers.custom.definitions import PREFIX, known
from platform_core.customers.models import Customer


@dataclass(frozen=True, slots=True)
class Choice:
    """A field in which the two differ, as people read it. `fills`: the kept one says nothing there."""

    name: str
    label: str
    keep: str
    other: str
    fills: bool


class Taken(msgspec.Struct):
    """`custom.<key>` -> as kept, before and after; key -> clear value of sensitive fields before and after."""

    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    secrets_before: dict[str, Any] = {}
    secrets_after: dict[str, Any] = {}


def choices(session: Session, keep: Customer, other: Customer) -> list[Choice]:
    """Of all fields, those that are switched off included: what was written there is not lost."""
    ours, theirs = keep.custom or {}, other.custom or {}
    found = []
    for item in known(session).fields:
        mine, others = ours.get(item.key), theirs.get(item.key)
        # Two secrets may look alike behind their masks.
        if others is None or (mine == others and not item.data.sensitive):
            continue
        words = [values.shown(session, item, value) for value in (mine, others)]
        found.append(Choice(item.name, item.label, words[0], words[1], fills=mine is None))
    return found


def take(session: Session, keep: Customer, other: Customer, wanted: Collection[str]) -> Taken:
    """Give the kept record the other's values of the `wanted` fields. What no field speaks of any more comes along."""
    taken, ours, theirs = Taken(), dict(keep.custom or {}), other.custom or {}
    gone = {PREFIX + key for key in theirs if key not in known(session).by_key and key not in ours}
    keys = [name.removeprefix(PREFIX) for name in {*wanted, *gone} if name.startswith(PREFIX)]
    if not keys:
        return taken
    for key in keys:
        taken.before[PREFIX + key], taken.after[PREFIX + key] = ours.get(key), theirs[key]
        ours[key] = theirs[key]
    keep.custom = ours
    secrets, others = values.opened(session, keep), values.opened(session, other)
    hidden = [key for key in keys if key in others]
    if hidden:
        taken.secrets_before = {key: secrets.get(key) for key in hidden}
        taken.secrets_after = {key: others[key] for key in hidden}
        values.seal(session, keep, {**secrets, **taken.secrets_after})
    return taken


def give_back(session: Session, keep: Customer, taken: Taken) -> None:
    """Fields return that nobody has changed since."""
    ours = dict(keep.custom or {})
    secrets = values.opened(session, keep) if taken.secrets_after else {}
    for name, old in taken.before.items():
        key = name.removeprefix(PREFIX)
        if ours.get(key) != taken.after[name] or secrets.get(key) != taken.secrets_after.get(key, secrets.get(key)):
            continue
        values.put(ours, key, old)
        if key in taken.secrets_before:
            values.put(secrets, key, taken.secrets_before[key])
    keep.custom = ours
    if taken.secrets_after:
        values.seal(session, keep, secrets)
