"""A table of opportunities, one in each row: of customers that are in the house already."""

from __future__ import annotations

import msgspec
import pluggy
from baton_plugins.opportunities import queries, services
from baton_plugins.opportunities.forms import OpportunityInput, typed
from sqlalchemy import or_, select

from platform_core.api import (
    Actor,
    Customer,
    Department,
    ImportTarget,
    Invalid,
    Session,
    bind,
    translator,
)

_ = translator("opportunities")
hookimpl = pluggy.HookimplMarker("baton")


class OpportunityRow(msgspec.Struct, kw_only=True):
    """A row as people write it. `customer` is a code or the whole name, `project_type` and `department` likewise."""

    customer: str
    title: str
    project_type: str
    need: str = ""
    expected_value: str = ""
    probability: str = ""
    expected_on: str = ""
    department: str = ""


_COLUMNS = {
    "customer": _.lazy("Customer"),
    "title": _.lazy("Title"),
    "project_type": _.lazy("Project type"),
    "need": _.lazy("Need"),
    "expected_value": _.lazy("Expected value"),
    "probability": _.lazy("Probability"),
    "expected_on": _.lazy("Expected on"),
    "department": _.lazy("Department that works on it"),
}


def add(session: Session, actor: Actor, row: OpportunityRow) -> None:
    """Raises Invalid with messages by the fields of `row`."""
    texts = {name: value for name, value in msgspec.structs.asdict(row).items() if value}
    texts["probability"] = row.probability.removesuffix("%").strip()
    texts["project_type"] = _type_code(session, row.project_type)
    if row.department:
        texts["department_id"] = str(_department(session, row.department).id)
    data = bind(OpportunityInput, typed(texts)).require()
    try:
        services.create(session, actor, _customer(session, row.customer).id, data)
    except Invalid as error:
        renamed = {"department" if name == "department_id" else name: text for name, text in error.fields.items()}
        raise Invalid(error.message, fields=renamed) from error


def _customer(session: Session, text: str) -> Customer:
    """Of those that the session's actor sees."""
    found = session.scalars(select(Customer).where(or_(Customer.code == text, Customer.name == text)).limit(3)).all()
    coded = [customer for customer in found if customer.code == text] or found
    if len(coded) != 1:
        message = (
            _("More than one customer has this name. Write the code.") if coded else _("You see no such customer.")
        )
        raise Invalid(message, fields={"customer": message})
    return coded[0]


def _type_code(session: Session, text: str) -> str:
    kinds = queries.project_types(session, active=True)
    known = {key.casefold(): kind.code for kind in kinds for key in (kind.name, kind.code)}
    if text.casefold() not in known:
        names = _(", ").join(kind.name for kind in kinds)
        message = _("There is no such project type. Possible are: %(names)s.", names=names)
        raise Invalid(message, fields={"project_type": message})
    return known[text.casefold()]


def _department(session: Session, text: str) -> Department:
    named = or_(Department.code == text, Department.name == text)
    found = session.scalars(select(Department).where(named, Department.active)).all()
    if len(found) != 1:
        message = _("There is no such department.")
        raise Invalid(message, fields={"department": message})
    return found[0]


@hookimpl
def baton_import_targets() -> list[ImportTarget]:
    return [
        ImportTarget(
            "opportunities.opportunities", _.lazy("Opportunities"), "opportunities.edit", OpportunityRow, _COLUMNS, add,
            "/opportunities",
        )
    ]  # fmt: skip
