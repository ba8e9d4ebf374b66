"""The part of a customer's timeline that a page wants, for `prepared` statements of every plugin that has lines."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Integer, and_, bindparam, or_

from platform_core.contracts.pages import TimelineQuery
from platform_core.kernel.scope import AnySelect


class Part(NamedTuple):
    """What a query narrows: the variant of a prepared statement."""

    of_engagement: bool
    is_continued: bool


def part_of(query: TimelineQuery) -> Part:
    return Part(query.engagement_id is not None, query.before is not None)


def narrowed(statement: AnySelect, model: Any, part: Part, *, common: bool = False) -> AnySelect:
    """Rows of `model` (customer_id, at, id, engagement_id), newest first, with the parameters of `values`.

    `common` keeps what belongs to no engagement beside the lines of one.
    """
    statement = statement.where(model.customer_id == bindparam("customer_id"))
    if part.of_engagement:
        of_it = model.engagement_id == bindparam("engagement_id")
        statement = statement.where(or_(of_it, model.engagement_id.is_(None)) if common else of_it)
    if part.is_continued:
        at: Any = bindparam("before_at")
        known: Any = bindparam("before_id")
        statement = statement.where(or_(model.at < at, and_(model.at == at, model.id < known)))
    return statement.order_by(model.at.desc(), model.id.desc()).limit(bindparam("most", type_=Integer()))


def values(query: TimelineQuery) -> dict[str, Any]:
    at, known = query.before or (None, None)
    return {
        "customer_id": query.customer_id,
        "engagement_id": query.engagement_id,
        "before_at": at,
        "before_id": known,
        "most": query.limit,
    }
