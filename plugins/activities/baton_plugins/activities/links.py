"""What others reach through ports: forms to write down or plan a contact, plans for somebody, packages."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pluggy
from baton_plugins.activities.for_others import plan_for
from baton_plugins.activities.handing.packing import Packer

from platform_core.api import FOLLOW_UP_FORMS, PACKAGES, PLANNER, Actor, FollowUpForms, Provider, local

hookimpl = pluggy.HookimplMarker("baton")
_WAYS = ("in", "out")


def _log(customer_id: UUID, way: str, at: datetime) -> str:
    return f"/follow-ups/new?{urlencode({'customer': customer_id, 'way': way, 'at': at.isoformat()})}"


def _plan(customer_id: UUID) -> str:
    return f"/plans/new?customer={customer_id}"


def _of_opportunity(actor: Actor, opportunity_id: UUID) -> str:
    return f"/plans/opportunity/{opportunity_id}" if actor.can("activities.view") else ""


def given(way: str, at: str) -> dict[str, Any]:
    """What such an address says, as fields of the form; whatever else was written into it is left out."""
    found: dict[str, Any] = {"direction": way} if way in _WAYS else {}
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return found
    return {**found, "at": f"{local(moment):%Y-%m-%dT%H:%M}"} if moment.tzinfo else found


@hookimpl
def baton_ports() -> list[Provider[Any]]:
    return [
        Provider(FOLLOW_UP_FORMS, FollowUpForms(_log, _plan, _of_opportunity)),
        Provider(PLANNER, plan_for),
        Provider(PACKAGES, Packer()),
    ]
