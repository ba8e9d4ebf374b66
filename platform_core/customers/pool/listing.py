"""The list of the pool, and that of leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import rights, searching
from platform_core.customers.bulk import of_customers as bulk
from platform_core.customers.custom import listed as own_fields
from platform_core.customers.groups import elsewhere as groups
from platform_core.customers.models import Customer
from platform_core.customers.pool import reach
from platform_core.customers.pool import searching as pool_searching
from platform_core.customers.pool.services import CLAIM, RELEASE
from platform_core.customers.pool.stages import STAGE, STAGES
from platform_core.customers.shortlists import CELLS, DEPARTMENT, KIND, OWNED, OWNER, STATUS, choice, prepare, word
from platform_core.kernel.i18n import translator
from platform_core.kernel.scope import readable
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
)
from platform_core.web.lists.reach import Reach

_ = translator("customers")
_VIEW = "customers.view"


def _prepare(session: Session, actor: Actor, rows: Sequence[Any]) -> Mapping[str, Any]:
    return {**prepare(session, actor, rows), "stages": STAGES, "own": own_fields.exported(session)}


def _stage(row: Any, look: Mapping[str, Any]) -> str:
    return str(look["stages"]["lead" if row.lead_since else "customer"])


_STAGE = Column("stage", _.lazy("Stage"), (Customer.lead_since,), text=_stage)
_SHARED = (
    Column("city", _.lazy("City"), (Customer.city,), edited="city"),
    Column("industry", _.lazy("Industry"), (Customer.industry,), text=word("industry"), edited="industry"),
    Column("source", _.lazy("Source"), (Customer.source,), text=word("source"), edited="source"),
    Column("last_contact", _.lazy("Last contact"), (Customer.last_contact_at,)),
)


_FILTERS = (
    choice("classification", _.lazy("Classification"), Customer.classification),
    choice("status", _.lazy("Status"), Customer.status),
    choice("grade", _.lazy("Grade"), Customer.grade),
    choice("industry", _.lazy("Industry"), Customer.industry),
    choice("region", _.lazy("Region"), Customer.region),
    choice("source", _.lazy("Source"), Customer.source),
    Filter("city", _.lazy("City"), "text", Customer.city),
    Filter("name", _.lazy("Name"), "text", Customer.name),
    Filter("last_contact", _.lazy("Last contact"), "date", Customer.last_contact_at),
)
POOL = ListView(
    key="pool",
    owner="customers",
    path="/pool",
    model=Customer,
    permission=reach.SEE,
    title=_.lazy("Pool"),
    cells=CELLS,
    columns=(
        Column("pooled", _.lazy("Customer"), (Customer.name, Customer.code), fixed=True),
        _STAGE,
        *_SHARED,
        Column("phone", _.lazy("Phone"), (Customer.phone_mask,)),
        Column(
            "department", _.lazy("Department"), (Customer.department_id,), shown=False,
            text=lambda row, look: look["departments"][row.department_id],
        ),
        Column("since", _.lazy("In the pool since"), (Customer.placed_at,), sort="since"),
    ),
    fields=(Customer.owner_id,),
    sorts=(Sort("since", _.lazy("In the pool since"), Customer.placed_at, descending=True),),
    filters=(
        STAGE,
        groups.fixed_filter(),
        *_FILTERS,
        KIND,
        Filter("since", _.lazy("In the pool since"), "date", Customer.placed_at),
        DEPARTMENT,
    ),
    presets=(
        Preset("all", _.lazy("All")),
        Preset("leads", _.lazy("Leads"), ("stage:is:lead",)),
        Preset("customers", _.lazy("Customers"), ("stage:is:customer",)),
        Preset("never", _.lazy("Never contacted"), ("last_contact:empty",)),
    ),
    search=pool_searching.condition,
    search_label=_.lazy("Name or code"),
    similar=pool_searching.similar,
    export="customers.export",
    reach=reach.of,
    more=own_fields.unordered,
    prepare=_prepare,
    bulk=(BulkAction("claim", _.lazy("Take"), "user-plus", "/pool/claim", CLAIM),),
    invitation=Invitation(_.lazy("The pool is empty."), _.lazy("To my leads"), "/leads", _VIEW),
    buttons=(Button(_.lazy("What goes back soon"), "clock", "/pool/due", _VIEW),),
)  # fmt: skip


def _leads(session: Session, actor: Actor) -> Reach:
    """Leads among the customers that the actor sees; so few that the database walks them all."""
    kept = and_(Customer.deleted_at.is_(None), Customer.lead_since.is_not(None))
    own = readable(session, Customer)
    return Reach(kept, predicate=kept if own is None else own)


LEADS = ListView(
    key="leads",
    owner="customers",
    path="/leads",
    model=Customer,
    permission=_VIEW,
    title=_.lazy("Leads"),
    cells=CELLS,
    columns=(
        Column("lead", _.lazy("Lead"), (Customer.name, Customer.code), fixed=True, edited="name"),
        STATUS,
        OWNED,
        *_SHARED,
        Column("phone", _.lazy("Phone"), (Customer.phone_mask,)),
        Column("next_plan", _.lazy("Next plan"), (Customer.next_plan_at,)),
        Column("lead_since", _.lazy("Lead since"), (Customer.lead_since,), sort="lead_since"),
    ),
    fields=(Customer.department_id,),
    sorts=(Sort("lead_since", _.lazy("Lead since"), Customer.lead_since, descending=True),),
    filters=(
        OWNER,
        groups.list_filter(Customer.id),
        *_FILTERS,
        KIND,
        Filter("next_plan", _.lazy("Next plan"), "date", Customer.next_plan_at),
        Filter("lead_since", _.lazy("Lead since"), "date", Customer.lead_since),
    ),
    presets=(
        Preset("mine", _.lazy("Mine"), ("owner:is:me",)),
        Preset("all", _.lazy("All")),
        Preset("never", _.lazy("Never contacted"), ("last_contact:empty",)),
    ),
    search=searching.condition,
    search_label=_.lazy("Search in this list"),
    similar=searching.similar,
    record="/customers/{id}",
    export="customers.export",
    changes=bulk.CHANGES,
    reach=_leads,
    more=own_fields.unordered,
    prepare=_prepare,
    row_actions=(
        RowAction(
            _.lazy("Make it a customer"), "user-check", "/customers/{id}/convert", "customers.edit", rights.rows_to_edit
        ),
    ),
    bulk=(
        BulkAction("release", _.lazy("Back to the pool"), "arrow-back-up", "/customers/release", RELEASE),
        BulkAction("group", _.lazy("Put into a group"), "users-group", "/customers/groups/put", _VIEW),
    ),
    invitation=Invitation(_.lazy("There are no leads yet."), _.lazy("To the pool"), "/pool", reach.SEE),
    buttons=(
        Button(_.lazy("Pool"), "world", "/pool", reach.SEE),
        Button(_.lazy("New lead"), "plus", "/customers/new?lead=1", "customers.create"),
    ),
)
