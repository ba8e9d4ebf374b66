"""A plugin's settings as a form: what an admin typed becomes typed values, all or nothing, with a line in the audit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
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
    name, kind = field_name(setting), _kind(setting)
    value: Any = ""
    if kind != "secret":
        value = settingvalues.read(session, setting) if typed is None else typed.get(name)
    return Field(name, kind, setting, value, settingvalues.is_set(session, setting), error)


def _kind(setting: Setting[Any]) -> str:
    if setting.secret:
        return "secret"
    if setting.choices:
        return "choice"
    return {bool: "bool", int: "number"}.get(type(setting.default), "text")


def save(session: Session, actor: Actor | None, platform: Platform, name: str, typed: FormData) -> None:
    """Save every setting of the form. Raises Invalid with a message for each field that is not right.

    An empty secret keeps what is stored; `forget_<name>` removes it.
    """
    require(actor, "admin.plugins")
    settings = settings_of(platform.manager, name)
    errors: dict[str, str] = {}
    values: dict[str, Any] = {}
    for setting in settings:
        field = field_name(setting)
        if setting.secret and not typed.get(field):
            if typed.get(f"forget_{field}"):
                values[setting.key] = None
            continue
        try:
            values[setting.key] = _typed(setting, typed.get(field))
        except ValueError as error:
            errors[field] = str(error)
        else:
            wrong = _wrong(platform, session, name, setting, values[setting.key])
            errors |= {field: wrong} if wrong else {}
    if errors:
        raise Invalid(_("Please check the marked fields."), fields=errors)
    _write(session, actor, platform.manager.plugins[name], settings, values)


def _wrong(platform: Platform, session: Session, name: str, setting: Setting[Any], value: Any) -> str:
    """What the plugin's own check says; one that fails refuses the value."""
    if setting.check is None:
        return ""
    answer = platform.hooks.guarded(name, f"check of {setting.key}", partial(setting.check, value), session)
    return _("The plugin could not check this. Its page says why.") if answer is None else str(answer)


def _typed(setting: Setting[Any], text: str) -> Any:
    """Raises ValueError with a sentence for the admin."""
    value: Any = text.strip()
    if isinstance(setting.default, bool):
        value = value == "1"
    elif isinstance(setting.default, int):
        if not value.removeprefix("-").isdecimal() or abs(int(value)) > _LARGEST:
            raise ValueError(_("Write a whole number."))
        value = int(value)
    elif len(value) > _LONGEST:
        raise ValueError(_("At most %(limit)s characters.", limit=_LONGEST))
    if not settingvalues.fits(setting, value):
        raise ValueError(_("Please choose from the list."))
    return value


def _write(
    session: Session, actor: Actor | None, plugin: Plugin, settings: list[Setting[Any]], values: dict[str, Any]
) -> None:
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for setting in settings:
        if setting.key not in values:
            continue
        name, value = field_name(setting), values[setting.key]
        if setting.secret:
            # The audit says that it was changed, never what it was.
            before[name] = _HIDDEN if settingvalues.is_set(session, setting) else ""
            after[name] = "" if value is None else _HIDDEN
        elif value != (old := settingvalues.read(session, setting)):
            before[name], after[name] = old, value
            value = None if value == setting.default else value
        else:
            continue
        settingvalues.write(session, setting, value)
    if after:
        ref = EntityRef("admin", "plugin", uuid5(NAMESPACE_URL, f"baton:plugin:{plugin.name}"), title(plugin))
        audit.record(session, actor, "admin.plugin_settings", ref, before=before, after=after)
