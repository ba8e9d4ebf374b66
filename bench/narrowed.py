"""Addresses of the customer list with conditions, in other orders and deep down."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from urllib.parse import quote

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from platform_core.customers.groups.models import Group
from platform_core.customers.listing import CUSTOMERS
from platform_core.customers.models import Customer, CustomerTag
from platform_core.web.lists.declaration import Filter
from platform_core.web.lists.ordering import Cursor

_DEEP = 20_000
"""Rows before the deep page."""
_NEWEST = 2_000
"""Customers at the head of the list who lack what is looked for as an old text."""


def by_condition(session: Session) -> dict[str, Sequence[str]]:
    """Kind of condition -> addresses of lists with it."""
    held = {
        item.key: _values(session, item) for item in CUSTOMERS.filters if item.kind == "choice" and _is_column(item)
    }
    common = {key: found[0] for key, found in held.items() if found}
    rare = {key: found[-1] for key, found in held.items() if len(found) > 1}
    texts = ("city", "position", "contact", "legal_person", "intent", "name")
    people = select(Customer.owner_id).group_by(Customer.owner_id).order_by(func.count(), Customer.owner_id)
    owners = session.scalars(people.where(Customer.owner_id.is_not(None))).all()
    departments = session.scalars(select(Customer.department_id).distinct().order_by(Customer.department_id)).all()
    tags = session.scalars(
        select(CustomerTag.tag_id).group_by(CustomerTag.tag_id).order_by(func.count(), CustomerTag.tag_id)
    ).all()
    groups = session.scalars(select(Group.id).order_by(Group.id).limit(4)).all()
    found = {
        "a common value": [f"{key}:is:{quote(value)}" for key, value in common.items()],
        "a rare value": [f"{key}:is:{quote(value)}" for key, value in rare.items()],
        "two values": [f"{one}:is:{quote(rare[one])}&f={two}:is:{quote(common[two])}" for one, two in pairwise(rare)],
        "all but a value": [f"{key}:not:{quote(value)}" for key, value in common.items()],
        "empty": [f"{key}:empty" for key in common],
        "two rare values": [f"{one}:is:{quote(rare[one])}&f={two}:is:{quote(rare[two])}"
                            for one, two in pairwise(rare)],
        "two that seldom meet": [f"kind:is:person&f={key}:filled" for key in ("nature", "size") if key in common],
        "part of a text": [f"{key}:has:{quote(_some(session, key))}" for key in texts],
        "a rare text": [f"{key}:is:{quote(seldom)}" for key in texts if (seldom := _seldom(session, key))],
        "an old text": [f"{key}:has:{quote(old)}" for key in texts if (old := _old(session, key))],
        "a text nobody has": [f"{key}:has:%E7%94%AA%E7%9B%B4%E9%BE%98" for key in texts],
        "days": ["last_contact:until:last-30", "collected:on:last-7", "created:since:today", "next_plan:on:next-7",
                 "updated:before:last-30"],
        "a number": [f"birth_month:is:{month}" for month in (2, 7, 12)],
        "a person": [f"owner:is:{owner}" for owner in (owners[0], owners[len(owners) // 2], owners[-1])],
        "a department": [f"department:is:{one}" for one in departments[:4] if one],
        "a tag": [f"tags:is:{tag}" for tag in (*tags[:1], *tags[-1:])],
        "a group": [f"group:is:{group}" for group in groups],
    }  # fmt: skip
    return {kind: [f"/customers?f={condition}" for condition in asked] for kind, asked in found.items() if asked}


def in_order() -> list[str]:
    """Each order both ways."""
    return [f"/customers?sort={way}{sort.key}" for sort in CUSTOMERS.sorts for way in ("", "-")]


def deep(session: Session) -> list[str]:
    """Far down in each order, of what the session sees."""
    found = []
    for sort in CUSTOMERS.sorts:
        by = sort.column.desc() if sort.descending else sort.column.asc()
        rows = session.execute(
            select(sort.column.label("value"), Customer.id)
            .where(sort.column.is_not(None))
            .order_by(by, Customer.id)
            .limit(_DEEP)
        ).all()
        if rows:
            after = Cursor(rows[-1].value, rows[-1].id, len(rows)).text
            found.append(f"/customers?sort={'-' if sort.descending else ''}{sort.key}&after={after}")
    return found


def _is_column(declared: Filter) -> bool:
    return declared.expression is not None and declared.where is None


def _values(session: Session, declared: Filter) -> list[str]:
    """Those that customers have, the most frequent first."""
    column = declared.expression
    rows = select(column).where(column != "", Customer.deleted_at.is_(None)).group_by(column)
    return list(session.scalars(rows.order_by(func.count().desc(), column)))


def _seldom(session: Session, key: str) -> str:
    """One of the values that the fewest have."""
    declared = CUSTOMERS.filter(key)
    assert declared is not None
    column = declared.expression
    rows = select(column).where(column != "", Customer.deleted_at.is_(None)).group_by(column)
    return session.scalars(rows.order_by(func.count(), column.desc()).limit(1)).first() or ""


def _old(session: Session, key: str) -> str:
    """The first character that most values have, of those that none of the newest customers has."""
    declared = CUSTOMERS.filter(key)
    assert declared is not None
    column = declared.expression
    newest = session.scalars(select(column).order_by(Customer.updated_at.desc()).limit(_NEWEST)).all()
    seen = {text[:1] for text in newest}
    first = func.substr(column, 1, 1)
    rows = select(first).where(column != "", Customer.deleted_at.is_(None)).group_by(first)
    begun = session.scalars(rows.order_by(func.count().desc(), first))
    return next((letter for letter in begun if letter not in seen), "")


def _some(session: Session, key: str) -> str:
    """The first two characters of a value that some customer has."""
    declared = CUSTOMERS.filter(key)
    assert declared is not None
    value = session.scalars(select(declared.expression).where(declared.expression != "").limit(1)).first()
    return (value or "")[:2]
