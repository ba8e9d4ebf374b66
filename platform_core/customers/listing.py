"""The customer list: columns, conditions, orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import fields, matching, reach, rights, searching
from platform_core.customers import tags as tag_names
from platform_core.customers.bulk import of_customers as bulk
from platform_core.customers.custom import listed
from platform_core.customers.groups import queries as groups
from platform_core.customers.models import Customer, CustomerTag, Tag
from platform_core.customers.pool.services import RELEASE
from platform_core.customers.pool.stages import STAGE
from platform_core.customers.transfer.rules import PERMISSION as TRANSFER
from platform_core.kernel import dictionaries
from platform_core.kernel.i18n import translator
from platform_core.kernel.ids import ids_among
from platform_core.users import labels
from platform_core.users.models import Team
from platform_core.web.lists.declaration import (
    BulkAction,
    Button,
    Column,
    Filter,
    Invitation,
    ListView,
    Preset,
    RowAction,
    Sort,
    WholeAction,
)

_ = translator("customers")
_BIRTH = tuple(getattr(Customer, name) for name in fields.BIRTH)

_TRANSFERS = "/customers/transfers"


def _prepare(session: Session, actor: Actor, rows: Sequence[Any]) -> Mapping[str, Any]:
    names = labels.of_rows(session, rows)
    tags = tag_names.of_many(session, [row.id for row in rows])
    # For every row an entry: a cell takes what it needs without a call.
    return {
        "statuses": dictionaries.entries(session, "customers.status"),
        "grades": dictionaries.entries(session, "customers.grade"),
        "sources": dictionaries.entries(session, "customers.source"),
        "industries": dictionaries.entries(session, "customers.industry"),
        "people": {row.owner_id: names.person(row.owner_id) for row in rows},
        "departments": {row.department_id: names.department(row.department_id) for row in rows},
        "tags": {row.id: tags.get(row.id, ()) for row in rows},
        "own": listed.exported(session),
        "born": fields.born,
        "pool": _("Pool"),
        "none": _("none"),
    }


def _tagged(values: Sequence[str]) -> ColumnElement[bool]:
    tagged = exists().where(CustomerTag.customer_id == Customer.id)
    return tagged.where(CustomerTag.tag_id.in_(ids_among(values))) if values else tagged


def _tag_choices(session: Session, actor: Actor) -> list[tuple[str, str]]:
    rows = session.execute(select(Tag.id, Tag.name).order_by(Tag.name).limit(500))
    return [(str(row.id), row.name) for row in rows]


def _team_choices(session: Session, actor: Actor) -> list[tuple[str, str]]:
    rows = session.execute(select(Team.id, Team.name).order_by(Team.name).limit(500))
    return [(str(row.id), row.name) for row in rows]


def _choice(key: str, label: str, expression: Any) -> Filter:
    return Filter(key, label, "choice", expression, dictionary=f"customers.{key}")


def _labelled(field: str, entries: str) -> Callable[[Any, Mapping[str, Any]], str]:
    """In a file: the words of a dictionary instead of its codes."""

    def text(row: Any, look: Mapping[str, Any]) -> str:
        code, known = getattr(row, field), look[entries]
        return str(known[code].label) if code in known else code

    return text


def _contact(row: Any, look: Mapping[str, Any]) -> str:
    return f"{row.contact_name} {row.phone_mask}".strip()


_COLUMNS = (
    Column(
        "name",
        _.lazy("Customer"),
        (Customer.name, Customer.code, Customer.grade),
        sort="name",
        fixed=True,
        edited="name",
    ),
    Column("status", _.lazy("Status"), (Customer.status,), text=_labelled("status", "statuses"), edited="status"),
    Column("owner", _.lazy("Owner"), (Customer.owner_id,), text=lambda row, look: look["people"][row.owner_id]),
    Column(
        "department",
        _.lazy("Department"),
        (Customer.department_id,),
        shown=False,
        text=lambda row, look: look["departments"][row.department_id],
    ),
    Column("contact", _.lazy("Main contact"), (Customer.contact_name, Customer.phone_mask), text=_contact),
    Column("next_plan", _.lazy("Next plan"), (Customer.next_plan_at,), sort="next_plan"),
    Column("last_contact", _.lazy("Last contact"), (Customer.last_contact_at,)),
    Column("city", _.lazy("City"), (Customer.city,), shown=False, edited="city"),
    Column(
        "industry",
        _.lazy("Industry"),
        (Customer.industry,),
        shown=False,
        text=_labelled("industry", "industries"),
        edited="industry",
    ),
    Column(
        "source",
        _.lazy("Source"),
        (Customer.source,),
        shown=False,
        text=_labelled("source", "sources"),
        edited="source",
    ),
    Column("tags", _.lazy("Tags"), text=lambda row, look: ", ".join(look["tags"][row.id]), edited="tags"),
    Column("updated", _.lazy("Changed"), (Customer.updated_at,), sort="updated"),
    Column("birthday", _.lazy("Birthday"), _BIRTH, shown=False, text=lambda row, _look: fields.born(row)),
    Column("created", _.lazy("Created"), (Customer.created_at,), shown=False),
)
_FILTERS = (
    _choice("status", _.lazy("Status"), Customer.status),
    Filter("owner", _.lazy("Owner"), "user", Customer.owner_id, choices=lambda session, _actor: _people(session)),
    Filter(
        "department",
        _.lazy("Department"),
        "department",
        Customer.department_id,
        choices=lambda session, _actor: labels.department_choices(session),
    ),
    Filter("team", _.lazy("Team"), "team", Customer.team_id, choices=_team_choices),
    Filter("next_plan", _.lazy("Next plan"), "date", Customer.next_plan_at),
    Filter("last_contact", _.lazy("Last contact"), "date", Customer.last_contact_at),
    Filter("tags", _.lazy("Tags"), "choice", choices=_tag_choices, among=_tagged, selective=True),
    Filter("group", _.lazy("Group"), "choice", choices=groups.choices, found=groups.members, selective=True),
    STAGE,
    _choice("grade", _.lazy("Grade"), Customer.grade),
    _choice("classification", _.lazy("Classification"), Customer.classification),
    _choice("industry", _.lazy("Industry"), Customer.industry),
    _choice("region", _.lazy("Region"), Customer.region),
    _choice("source", _.lazy("Source"), Customer.source),
    Filter(
        "kind",
        _.lazy("Kind"),
        "choice",
        Customer.kind,
        choices=lambda _session, _actor: [(code, str(label)) for code, label in fields.KINDS.items()],
    ),
    _choice("size", _.lazy("Size"), Customer.size),
    _choice("nature", _.lazy("Nature"), Customer.nature),
    _choice("work_status", _.lazy("Work status"), Customer.work_status),
    _choice("education", _.lazy("Education"), Customer.education),
    Filter(
        "gender",
        _.lazy("Gender"),
        "choice",
        Customer.gender,
        choices=lambda _session, _actor: [(code, str(label)) for code, label in fields.GENDERS.items()],
    ),
    Filter("city", _.lazy("City"), "text", Customer.city),
    Filter("position", _.lazy("Position"), "text", Customer.position),
    Filter("contact", _.lazy("Main contact"), "text", Customer.contact_name),
    Filter("legal_person", _.lazy("Legal representative"), "text", Customer.legal_person),
    Filter("intent", _.lazy("Intent"), "text", Customer.intent),
    Filter("birth_month", _.lazy("Month of birth"), "number", Customer.birth_month),
    Filter("collected", _.lazy("Collected on"), "date", Customer.collected_on),
    Filter("name", _.lazy("Name"), "text", Customer.name, narrowed=matching.with_characters),
    Filter("code", _.lazy("Code"), "text", Customer.code, selective=True),
    Filter("created", _.lazy("Created"), "date", Customer.created_at),
    Filter("updated", _.lazy("Changed"), "date", Customer.updated_at),
)


def _people(session: Session) -> list[tuple[str, str]]:
    return labels.person_choices(session)


CUSTOMERS = ListView(
    key="customers",
    path="/customers",
    model=Customer,
    permission=reach.PERMISSION,
    title=_.lazy("Customers"),
    cells="customers/_cells.html",
    columns=_COLUMNS,
    sorts=(
        Sort("updated", _.lazy("Changed"), Customer.updated_at, descending=True),
        Sort("name", _.lazy("Customer"), Customer.name_key),
        Sort("next_plan", _.lazy("Next plan"), Customer.next_plan_at),
    ),
    filters=_FILTERS,
    presets=(
        Preset("all", _.lazy("All")),
        Preset("mine", _.lazy("Mine"), ("owner:is:me",)),
        Preset("today", _.lazy("To contact today"), ("next_plan:until:today",), sort="next_plan"),
        Preset("never", _.lazy("Never contacted"), ("last_contact:empty",)),
        # Oldest change first: that is where they are, since a contact changes the record.
        Preset("quiet", _.lazy("No contact for 30 days"), ("last_contact:before:last-30",), sort="updated"),
    ),
    search=searching.condition,
    search_label=_.lazy("Search in this list"),
    similar=searching.similar,
    export="customers.export",
    record="/customers/{id}",
    counted=("classification", "region", "industry", "status", "grade", "source"),
    reach=reach.of,
    more=listed.extended,
    prepare=_prepare,
    row_actions=(RowAction(_.lazy("Edit"), "pencil", "/customers/{id}/edit", "customers.edit", rights.rows_to_edit),),
    bulk=(
        BulkAction("group", _.lazy("Put into a group"), "users-group", "/customers/groups/put", reach.PERMISSION),
        BulkAction("transfer", _.lazy("Give to somebody else"), "switch-horizontal", _TRANSFERS, TRANSFER),
        BulkAction("release", _.lazy("Back to the pool"), "arrow-back-up", "/customers/release", RELEASE),
        BulkAction("print", _.lazy("Print"), "printer", "/papers/chosen", "customers.export"),
        BulkAction("team", _.lazy("Put into a team"), "users", "/customers/teams", TRANSFER),
    ),
    changes=bulk.CHANGES,
    whole=(WholeAction("transfer_all", _.lazy("Give all of these away"), "switch-horizontal", _TRANSFERS, TRANSFER),),
    invitation=Invitation(
        _.lazy("There are no customers yet."), _.lazy("Import a spreadsheet"), "/customers/import", "customers.import"
    ),
    buttons=(
        Button(_.lazy("Groups"), "users-group", "/customers/groups", reach.PERMISSION),
        Button(_.lazy("Transfers"), "history", _TRANSFERS, TRANSFER),
        Button(_.lazy("Bin"), "trash", "/bin", "customers.delete"),
        Button(_.lazy("Import"), "upload", "/customers/import", "customers.import"),
        Button(_.lazy("New customer"), "plus", "/customers/new", "customers.create"),
    ),
)
