"""What may be changed of customers in a list.

Of many at once fields with a dictionary, which mean the same for everybody, own fields and tags; in a cell the name
as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import fields, rights, services, tags
from platform_core.customers.custom import changing as own
from platform_core.customers.forms import DICTIONARY_FIELDS, CustomerPatch
from platform_core.customers.models import Customer
from platform_core.kernel import dictionaries
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import among
from platform_core.web.lists.changing import Asked, Changeable, ChangeField, Changes

_ = translator("customers")
EDIT = "customers.edit"
_PLAIN = ("name", *DICTIONARY_FIELDS, "city")
_LONGEST_TAGS = tags.MOST * (tags.LONGEST + 2)


def _fields(session: Session, _actor: Actor) -> list[ChangeField]:
    """A customer always has a name and a status."""
    return [
        ChangeField("name", fields.label("name"), "text", longest=120, many=False),
        *(
            ChangeField(
                name, fields.label(name), options=dictionaries.choices(session, f"customers.{name}"),
                empty=name != "status",
            )
            for name in DICTIONARY_FIELDS
        ),
        ChangeField("city", fields.label("city"), "text", empty=True, longest=60),
        ChangeField("tags", _("Tags"), "text", empty=True, longest=_LONGEST_TAGS, many=False),
        *own.offered(session),
    ]  # fmt: skip


def _check(session: Session, _actor: Actor, values: Mapping[str, Any]) -> Mapping[str, Any]:
    fields.check(session, values)
    found = {**values, **own.checked(session, values)}
    if "tags" in found:
        found["tags"] = tags.split(found["tags"])
    return found


def _rows(session: Session, actor: Actor, asked: Asked) -> Mapping[UUID, Changeable]:
    statement = (
        select(Customer).where(among(Customer.id, asked.ids), Customer.deleted_at.is_(None)).order_by(Customer.id)
    )
    if asked.lock:
        statement = statement.with_for_update(of=Customer).execution_options(populate_existing=True)
    present = session.scalars(statement).all()
    allowed = rights.allowed_among(session, actor, EDIT, present)
    held = tags.of_many(session, [customer.id for customer in present])
    found, own_of = {}, own.held(session)
    for customer in present:
        why = "restricted" if customer.restricted_at else "" if customer.id in allowed else "right"
        if not why and not own.fit(session, asked.wanted, customer.classification or ""):
            why = "unfit"
        values = {name: getattr(customer, name) for name in _PLAIN}
        values |= {"tags": held.get(customer.id, []), **own_of(customer)}
        found[customer.id] = Changeable(values, why, customer.id)
        if not asked.lock:
            session.expunge(customer)  # there may be ten thousand
    return found


def _write(session: Session, actor: Actor, customer_id: UUID, values: Mapping[str, Any]) -> None:
    plain = {name: value for name, value in values.items() if name in _PLAIN}
    if custom := own.given(values):
        plain["custom"] = custom
    if plain:
        # What is required was filled in by `_fields`; empty it is on the way back only.
        services.update(session, actor, customer_id, CustomerPatch(**plain), may_lack=True)
    if "tags" in values:
        tags.assign(session, actor, customer_id, values["tags"])


def _counted(number: int) -> str:
    return _.ngettext("%(num)d customer", "%(num)d customers", number)


CHANGES = Changes(
    edit=EDIT, counted=_counted, fields=_fields, check=_check, rows=_rows, write=_write, note=Customer.code, tags=True
)
