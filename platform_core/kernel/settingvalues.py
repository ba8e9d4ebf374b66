"""Values of the settings that owners declare: one row each that an admin has changed, secrets encrypted.

All are read with the first one a session asks for, so a change counts from the next request on and nothing is cached
for longer.
"""

from __future__ import annotations

import base64
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.contracts.plugin import Setting, T
from platform_core.kernel.database import vault_of
from platform_core.kernel.models import SettingValue

_KEPT = "settings"


def read(session: Session, setting: Setting[T]) -> T:
    """The admin's value, else the default; also where what is stored no longer fits the declaration."""
    stored = _stored(session).get(setting.key)
    value: Any = _revealed(session, stored) if setting.secret and isinstance(stored, str) else stored
    known: T = value if fits(setting, value) else setting.default
    return known


def is_set(session: Session, setting: Setting[Any]) -> bool:
    """Whether an admin has given it a value: all that anybody is told of a secret."""
    return setting.key in _stored(session)


def write(session: Session, setting: Setting[Any], value: str | int | bool | None) -> None:  # noqa: FBT001
    """None goes back to the default. The value has been checked by the caller."""
    kept = _stored(session)
    row = session.get(SettingValue, setting.key)
    if value is None:
        kept.pop(setting.key, None)
        if row is not None:
            session.delete(row)
        return
    stored = base64.b64encode(vault_of(session).encrypt(str(value))).decode() if setting.secret else value
    kept[setting.key] = stored
    if row is None:
        session.add(SettingValue(key=setting.key, value=stored))
    else:
        row.value = stored


def fits(setting: Setting[Any], value: object) -> bool:
    """Whether a value is of the setting's type and one of its choices."""
    if type(value) is not type(setting.default):
        return False
    return not setting.choices or value in [choice for choice, _label in setting.choices]


def _stored(session: Session) -> dict[str, Any]:
    if _KEPT not in session.info:
        rows = session.execute(select(SettingValue.key, SettingValue.value))
        session.info[_KEPT] = dict(rows.all())
    kept: dict[str, Any] = session.info[_KEPT]
    return kept


def _revealed(session: Session, stored: str) -> str | None:
    try:
        return vault_of(session).decrypt(base64.b64decode(stored))
    except (ValueError, KeyError, InvalidTag):
        return None  # the key file is another one than the secret was saved with
