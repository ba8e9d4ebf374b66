"""Settings of plugins for programs: the same service and right as the form."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec
from litestar import Request
from sqlalchemy.orm import Session

from platform_core.admin import settings_form
from platform_core.contracts.identity import Actor
from platform_core.contracts.plugin import Setting
from platform_core.kernel import settingvalues
from platform_core.web.requests import platform_of
from platform_core.web.routing import get, patch

Value: TypeAlias = str | int | bool | None


class SettingOut(msgspec.Struct):
    """`kind` is text, number, bool, choice or secret. Of a secret only `is_set` is told: its value is null.

    `is_set`: somebody has given it a value of its own; else `value` is the default.
    """

    name: str
    label: str
    help: str
    kind: str
    value: Value
    default: Value
    is_set: bool
    choices: list[Value]


class PluginSettings(msgspec.Struct):
    """All settings of one plugin, in the order of the form."""

    plugin: str
    settings: list[SettingOut]


def _out(session: Session, setting: Setting[Any]) -> SettingOut:
    return SettingOut(
        name=settings_form.field_name(setting),
        label=str(setting.label),
        help=str(setting.help),
        kind=settings_form.kind_of(setting),
        value=None if setting.secret else settingvalues.read(session, setting),
        default=None if setting.secret else setting.default,
        is_set=settingvalues.is_set(session, setting),
        choices=[value for value, _label in setting.choices],
    )


def _all(request: Request[Any, Any, Any], session: Session, name: str) -> PluginSettings:
    settings = settings_form.settings_of(platform_of(request).manager, name)
    return PluginSettings(name, [_out(session, setting) for setting in settings])


@get("/{name:str}/settings", permission="admin.plugins", name="admin:api_plugin_settings")
def plugin_settings(request: Request[Any, Any, Any], session: Session, actor: Actor, name: str) -> PluginSettings:
    """What a plugin that runs can be told. 404 for one without settings."""
    return _all(request, session, name)


@patch("/{name:str}/settings", permission="admin.plugins", name="admin:api_change_plugin_settings")
def change_plugin_settings(
    request: Request[Any, Any, Any], session: Session, actor: Actor, name: str, data: dict[str, Any]
) -> PluginSettings:
    """Change settings, as `{name: value}`; those not named stay. null goes back to the default, or forgets a secret.

    All or nothing: where one value is refused, `errors` names its field and none is changed.
    """
    settings_form.change(session, actor, platform_of(request), name, data)
    return _all(request, session, name)


HANDLERS = [plugin_settings, change_plugin_settings]
