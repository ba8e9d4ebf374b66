"""What the short lists of customers have in common: the pool, leads and the bin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import fields
from platform_core.customers.models import Customer
from platform_core.kernel import dictionaries
from platform_core.kernel.i18n import translator
from platform_core.users import labels
from platform_core.web.lists.declaration import Column, Filter

_ = translator("customers")
CELLS = "customers/_short_cells.html"


def prepare(session: Session, actor: Actor, rows: Sequence[Any]) -> Mapping[str, Any]:
    names = labels.of_rows(session, rows)
    known = ("status", "source", "industry", "region", "classification")
    return {
        **{field: dictionaries.entries(session, f"customers.{field}") for field in known},
        "departments": {row.department_id: names.department(row.department_id) for row in rows},
        "people": {row.owner_id: names.person(row.owner_id) for row in rows},
    }


def word(field: str) -> Any:
    def text(row: Any, look: Mapping[str, Any]) -> str:
        code = getattr(row, field)
        return str(look[field][code].label) if code in look[field] else code

    return text


def choice(key: str, label: str, column: Any) -> Filter:
    return Filter(key, label, "choice", column, dictionary=f"customers.{key}")


KIND = Filter(
    "kind", _.lazy("Kind"), "choice", Customer.kind,
    choices=lambda _session, _actor: [(code, str(label)) for code, label in fields.KINDS.items()],
)  # fmt: skip

OWNER = Filter(
    "owner", _.lazy("Owner"), "user", Customer.owner_id, choices=lambda session, _actor: labels.person_choices(session)
)
DEPARTMENT = Filter(
    "department", _.lazy("Department"), "department", Customer.department_id,
    choices=lambda session, _actor: labels.department_choices(session),
)  # fmt: skip
OWNED = Column("owner", _.lazy("Owner"), (Customer.owner_id,), text=lambda row, look: look["people"][row.owner_id])
STATUS = Column("status", _.lazy("Status"), (Customer.status,), text=word("status"), edited="status")
