"""Mail of the demo: an account from which nothing leaves."""

from __future__ import annotations

import pluggy
from baton_plugins.mail.drivers import TRIAL

from platform_core.api import DemoContext, DemoData, DemoHouse, Session
from platform_core.api.messages import establish_account

hookimpl = pluggy.HookimplMarker("baton")
_NAME = "\u90ae\u4ef6\u8bd5\u8fd0\u884c"  # mail, trial run


@hookimpl
def baton_demo_data() -> list[DemoData]:
    return [DemoData(61, load, prepare)]


def prepare(session: Session, house: DemoHouse) -> list[str]:
    establish_account(session, TRIAL, _NAME, {"folder": ""})
    return []


def load(part: DemoContext) -> None:
    return
