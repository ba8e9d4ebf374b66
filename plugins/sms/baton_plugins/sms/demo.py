"""Text messages of the demo: an account from which nothing leaves, templates, and a few answers."""

from __future__ import annotations

import json
from datetime import timedelta
from importlib.resources import files
from typing import Any

import pluggy
from baton_plugins.sms.campaigns.models import Campaign, CampaignLine
from baton_plugins.sms.drivers import TRIAL
from baton_plugins.sms.models import Reply, Template

from platform_core.api import DemoContext, DemoData, DemoHouse, Session, new_id, now
from platform_core.api.messages import establish_account

hookimpl = pluggy.HookimplMarker("baton")
_ANSWERING = 0.1
"""Share of customers that have answered a message"""
_WRITTEN_TO = 40


@hookimpl
def baton_demo_data() -> list[DemoData]:
    return [DemoData(60, load, prepare)]


def _told() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files("baton_plugins.sms").joinpath("data/demo.json").read_text("utf-8"))
    return found


def prepare(session: Session, house: DemoHouse) -> list[str]:
    """Returns what people answer."""
    told = _told()
    establish_account(session, TRIAL, told["account"], {"file": ""})
    session.add_all([Template(id=new_id(), codes={}, **given) for given in told["templates"]])
    answers: list[str] = told["replies"]
    return answers


def load(part: DemoContext) -> None:
    if not part.is_small:
        return
    rows: list[dict[str, Any]] = []
    for customer in part.customers:
        if not customer.touches or part.random.random() >= _ANSWERING:
            continue
        at = customer.touches[-1].at + timedelta(minutes=part.random.randrange(5, 50))
        key = part.id_at(at)
        rows.append(
            {
                "id": key, "key": f"demo:{key}", "customer_id": customer.id, "contact_id": customer.contact_id,
                "mask": f"13{part.random.randrange(10)}****{part.random.randrange(10000):04}",
                "text": part.random.choice(part.facts), "at": at,
            }
        )  # fmt: skip
    part.write(Reply, rows)
    _draft(part)


def _draft(part: DemoContext) -> None:
    """A message to some customers that nobody has sent yet."""
    chosen = part.customers[:_WRITTEN_TO]
    author = next((touch.by for customer in chosen for touch in customer.touches), None)
    if author is None:
        return
    at = now()
    campaign_id = part.id_at(at)
    told = {"total": len(chosen), "by_id": author.id, "by_label": author.name, "created_at": at, "updated_at": at}
    part.write(Campaign, [{"id": campaign_id, **_told()["campaign"], **told}])
    part.write(
        CampaignLine,
        [
            {"campaign_id": campaign_id, "number": number, "customer_id": customer.id}
            for number, customer in enumerate(chosen, 1)
        ],
    )
