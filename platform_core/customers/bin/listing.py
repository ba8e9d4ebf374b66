"""The list of the bin: customers that were deleted and that the reader may take out again.

No policy lets anybody see them, and the right to delete them opens a line without numbers, no record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from platform_core.audit.models import AuditEntry
from platform_core.contracts.identity import Actor
from platform_core.customers import erasing, rights, services
from platform_core.customers.bin import rule, staying
from platform_core.customers.models import Customer
from platform_core.customers.shortlists import CELLS, DEPARTMENT, KIND, OWNED, OWNER, STATUS, choice, prepare
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import among
from platform_core.kernel.scope import proven
from platform_core.web.lists.declaration import BulkAction, Column, Filter, Invitation, ListView, Preset, Sort
from platform_core.web.lists.reach import Reach

_ = translator("customers")
PERMISSION = "customers.delete"
_PROOF = proven("who put it there, of rows that the actor may take out")


def _reach(_session: Session, actor: Actor) -> Reach:
    kept = and_(Customer.deleted_at.is_not(None), ~services.gone_for_good())
    return Reach(kept, predicate=rights.doable(actor, PERMISSION))


def _prepare(session: Session, actor: Actor, rows: Sequence[Any]) -> Mapping[str, Any]:
    deleted = (
        select(AuditEntry.customer_id, AuditEntry.actor_label)
        .where(among(AuditEntry.customer_id, [row.id for row in rows]), AuditEntry.action == PERMISSION)
        .order_by(AuditEntry.at)
    )
    by = {row.customer_id: row.actor_label for row in session.execute(deleted, execution_options=_PROOF)}
    found = rule.current(session)
    return {
        **prepare(session, actor, rows),
        "by": {row.id: by.get(row.id, "") for row in rows},
        "stay": staying.reasons(session, [row.id for row in rows]),
        "going": {row.id: found.day_of(row.deleted_at) if found else None for row in rows},
    }


BIN = ListView(
    key="bin",
    owner="customers",
    path="/bin",
    model=Customer,
    permission=PERMISSION,
    title=_.lazy("Bin"),
    cells=CELLS,
    columns=(
        Column("binned", _.lazy("Customer"), (Customer.name, Customer.code), fixed=True),
        STATUS,
        OWNED,
        Column(
            "department", _.lazy("Department"), (Customer.department_id,),
            text=lambda row, look: look["departments"][row.department_id],
        ),
        Column("city", _.lazy("City"), (Customer.city,), shown=False),
        Column("by", _.lazy("Deleted by"), (), text=lambda row, look: look["by"][row.id]),
        Column("deleted", _.lazy("Deleted"), (Customer.deleted_at,), sort="deleted"),
        Column(
            "going", _.lazy("Erased for good"), (Customer.deleted_at,), text=lambda row, look: look["going"][row.id]
        ),
    ),
    fields=(Customer.owner_id, Customer.department_id),
    sorts=(Sort("deleted", _.lazy("Deleted"), Customer.deleted_at, descending=True),),
    filters=(
        Filter("name", _.lazy("Name"), "text", Customer.name),
        Filter("code", _.lazy("Code"), "text", Customer.code),
        OWNER,
        DEPARTMENT,
        choice("status", _.lazy("Status"), Customer.status),
        KIND,
        Filter("deleted", _.lazy("Deleted"), "date", Customer.deleted_at),
    ),
    presets=(
        Preset("all", _.lazy("All")),
        Preset("mine", _.lazy("Mine"), ("owner:is:me",)),
    ),
    export="customers.export",
    reach=_reach,
    prepare=_prepare,
    bulk=(
        BulkAction("restore", _.lazy("Take out of the bin"), "arrow-back-up", "/bin/restore", PERMISSION),
        BulkAction("purge", _.lazy("Erase for good"), "trash", "/bin/purge", erasing.PERMISSION),
    ),
    invitation=Invitation(_.lazy("The bin is empty."), _.lazy("To the customers"), "/customers", "customers.view"),
)  # fmt: skip
