"""What customers of a small demo are to each other, so that the page of relations has something to show."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.customers.models import Customer
from platform_core.customers.relations.models import Relation
from platform_core.demo.spec import Spec
from platform_core.kernel.bulkrows import Writer
from platform_core.kernel.clock import local
from platform_core.kernel.ids import new_id

_MOST = 3
"""Families of a department."""
_FAMILY = ((1, 0, "parent"), (2, 0, "parent"), (0, 3, "partner"), (4, 3, "introducer"), (5, 4, "partner"))
"""(first, second, kind) of six customers: the second is that of the first. The last is four steps from the second."""
_SIZE = 6


def write(session: Session, spec: Spec) -> None:
    """Within a department, so that there is somebody who sees all of a family."""
    found = session.execute(
        select(Customer.id, Customer.department_id)
        .where(Customer.kind == "organisation", Customer.department_id.is_not(None), Customer.owner_id.is_not(None))
        .order_by(Customer.department_id, Customer.code)
    ).all()
    rows = []
    for _department, some in groupby(found, key=lambda row: row.department_id):
        ids = [row.id for row in some]
        for begin in range(0, min(len(ids) // _SIZE, _MOST) * _SIZE, _SIZE):
            family = ids[begin : begin + _SIZE]
            for years, (first, second, kind) in enumerate(_FAMILY, 1):
                moment = spec.now - timedelta(days=365 * years)
                rows.append({
                    "id": new_id(), "first_id": family[first], "second_id": family[second], "kind": kind,
                    "since": local(moment).date(), "created_at": spec.now,
                })  # fmt: skip
    Writer(session.connection()).write(Relation, rows)
