"""A plugin's settings: what an admin typed or a program sent becomes typed values, all or nothing, and audited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy.orm import Session

from platform_core.admin.services import require, title
from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.contracts.plugin import Setting
from platform_core.kernel import settingvalues
from platform_core.kernel.errors import Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.plugins.manager import Plugin, PluginManager
from platform_core.web.forms import FormData
from platform_core.web.requests import Platform

_ = translator("admin")
_LONGEST = 2000
_HIDDEN = "***"
_LARGEST = 2**53  # what JSON and every browser hold exactly
_MOST_DIGITS = 17


@dataclass(frozen=True, slots=True)
class Field:
    """A setting as the form draws it. `kind` is choice, bool, number, secret or text."""

    name: str
    kind: str
    setting: Setting[Any]
    value: Any
    is_set: bool
    error: str = ""


def settings_of(manager: PluginManager, name: str) -> list[Setting[Any]]:
    """What a plugin that runs declares, by the names of its form. Raises NotFound for one without settings."""
    found = [item.value for item in manager.declared.settings.owned() if item.owner == name]
    if not found:
        raise NotFound(_("This plugin has no settings, or does not run."))
    return found


def field_name(setting: Setting[Any]) -> str:
    return setting.key.partition(".")[2]


def fields(
    session: Session, settings: list[Setting[Any]], typed: FormData | None = None, errors: dict[str, str] | None = None
) -> list[Field]:
    """With `typed` they show what was sent and refused."""
    return [_field(session, setting, typed, (errors or {}).get(field_name(setting), "")) for setting in settings]


def _field(session: Session, setting: Setting[Any], typed: FormData | None, error: str) -> Field:
    name, kind = field_name(setting), kind_of(setting)
    value: Any = ""
    if kind != "secret":
        value = settingvalues.read(session, setting) if typed is None else typed.get(name)
    return Field(name, kind, setting, value, settingvalues.is_set(session, setting), error)


def kind_of(setting: Setting[Any]) -> str:
    if setting.secret:
        return "secret"
    if setting.choices:
        return "choice"
    return {bool: "bool", int: "number"}.get(type(setting.default), "text")


def save(session: Session, actor: Actor | None, platform: Platform, name: str, typed: FormData) -> None:
    """Save every setting of the form. Raises Invalid with a message for each field that is not right.

    An empty secret keeps what is stored; `forget_<name>` removes it.
    """
    errors: dict[str, str] = {}
    values: dict[str, Any] = {}
    for setting in settings_of(platform.manager, name):
        field = field_name(setting)
        if setting.secret and not typed.get(field):
            if typed.get(f"forget_{field}"):
                values[field] = None
            continue
        try:
            values[field] = _read(setting, typed.get(field))
        except ValueError as error:
            errors[field] = str(error)
    change(session, actor, platform, name, values, errors)


def change(
    session: Session,
    actor: Actor | None,
    platform: Platform,
    name: str,
    values: Mapping[str, Any],
    errors: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Give settings new values, by the names of their fields; None goes back to the default, or forgets a secret.

    `errors` has found earlier what cannot be read. Raises Invalid with a message for each field that is not right:
    then nothing is changed.
    """
    require(actor, "admin.plugins")
    settings = {field_name(setting): setting for setting in settings_of(platform.manager, name)}
    wrong = dict(errors)
    checked: dict[str, Any] = {}
    for field, value in values.items():
        setting = settings.get(field)
        if setting is None:
            wrong[field] = _("This plugin has no such setting.")
            continue
        checked[field] = value.strip() if isinstance(value, str) else value
        if value is not None and (message := _wrong(platform, session, name, setting, checked[field])):
            wrong[field] = message
    if wrong:
        raise Invalid(_("Please check the marked fields."), fields=wrong)
    _write(session, actor, platform.manager.plugins[name], settings, checked)


def _read(setting: Setting[Any], text: str) -> str | int | bool:
    """What was typed, as a value. Raises ValueError with a sentence for the admin."""
    value = text.strip()
    if isinstance(setting.default, bool):
        return value == "1"
    if not isinstance(setting.default, int):
        return value
    # Python refuses to read numbers of very many digits.
    if not value.removeprefix("-").isdecimal() or len(value) > _MOST_DIGITS:
        raise ValueError(_("Write a whole number."))
    return int(value)


def _wrong(platform: Platform, session: Session, name: str, setting: Setting[Any], value: Any) -> str:
    """Why this cannot be a setting's value, or "". A plugin's check that fails refuses the value."""
    if type(value) is not type(setting.default):
        return {bool: _("Say true or false."), int: _("Write a whole number.")}.get(
            type(setting.default), _("This must be a text.")
        )
    if isinstance(value, str) and len(value) > _LONGEST:
        return _("At most %(limit)s characters.", limit=_LONGEST)
    if not isinstance(value, str) and abs(value) > _LARGEST:
        return _("Write a whole number.")
    if not settingvalues.fits(setting, value):
        return _("Please choose from the list.")
    if setting.check is None:
        return ""
    answer = platform.hooks.guarded(name, f"check of {setting.key}", partial(setting.check, value), session)
    return _("The plugin could not check this. Its page says why.") if answer is None else str(answer)


def _write(
    session: Session, actor: Actor | None, plugin: Plugin, settings: Mapping[str, Setting[Any]], values: dict[str, Any]
) -> None:
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for name, sent in values.items():
        setting = settings[name]
        value = setting.default if sent is None else sent
        if setting.secret:
            # The audit says that it was changed, never what it was.
            before[name] = _HIDDEN if settingvalues.is_set(session, setting) else ""
            after[name] = _HIDDEN if value else ""
        elif value != (old := settingvalues.read(session, setting)):
            before[name], after[name] = old, value
        else:
            continue
        settingvalues.write(session, setting, None if value == setting.default else value)
    if after:
        ref = EntityRef("admin", "plugin", uuid5(NAMESPACE_URL, f"baton:plugin:{plugin.name}"), title(plugin))
        audit.record(session, actor, "admin.plugin_settings", ref, before=before, after=after)
