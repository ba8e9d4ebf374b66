"""Lead or customer, as lists tell them apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers.models import Customer
from platform_core.kernel.i18n import translator
from platform_core.web.lists.declaration import Filter

_ = translator("customers")
STAGES = {"lead": _.lazy("Lead"), "customer": _.lazy("Customer")}


def _among(values: Sequence[Any]) -> ColumnElement[bool]:
    if set(values) == {"lead"}:
        return Customer.lead_since.is_not(None)
    return Customer.lead_since.is_(None) if set(values) == {"customer"} else Customer.id.is_not(None)


def _choices(_session: Session, _actor: Actor) -> list[tuple[str, str]]:
    return [(code, str(label)) for code, label in STAGES.items()]


STAGE = Filter("stage", _.lazy("Stage"), "choice", choices=_choices, among=_among)
