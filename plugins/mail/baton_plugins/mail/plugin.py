"""What mail adds to the platform."""

from __future__ import annotations

from typing import Any

import pluggy
from baton_plugins.mail import demo, drivers, routes, sending

from platform_core.api import PluginInfo, Provider, Routes, Slot, translator
from platform_core.api.messages import MAIL_SENDER, driver_port

_ = translator("mail")
hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info() -> PluginInfo:
    told = _.lazy("Reminders and invitations by mail, through servers of the house")
    return PluginInfo("mail", _.lazy("Mail"), told, "baton_plugins.mail")


@hookimpl
def baton_routes() -> list[Routes]:
    return [Routes("/mail", routes.HANDLERS)]


@hookimpl
def baton_slots() -> list[Slot]:
    return [Slot("me", "mail/_me.html")]


@hookimpl
def baton_ports() -> list[Provider[Any]]:
    return [
        Provider(MAIL_SENDER, sending.Sender()),
        *(Provider(driver_port(driver.name), driver) for driver in drivers.DRIVERS),
    ]


baton_demo_data = demo.baton_demo_data
