"""Finding customers by name, pinyin, initials, code, mail address, phone number or its tail.

Words that few customers have are looked up in the index, then scoped and ranked. Words that many have (a common
surname, "limited") would drag thousands of rows through that; for those 600 matches are ranked, together with customers
of just that name and with those among the newest of the actor's that match. Which of the two is measured by the query
itself, so no planner has to guess. One or two letters are common when many customers have them as whole initials;
only when few do, those are collected who have words that begin so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal, select, true, union
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.customers import matching, reach
from platform_core.customers.matching import Matcher
from platform_core.customers.models import Customer
from platform_core.customers.names import norm
from platform_core.kernel import nearwords
from platform_core.kernel.database import database_of
from platform_core.kernel.idlists import among
from platform_core.kernel.nearwords import Alternatives
from platform_core.kernel.planning import estimated_rows
from platform_core.kernel.scope import proven, readable
from platform_core.kernel.searchtokens import MAX_QUERY, parse_query
from platform_core.users import probing
from platform_core.web.lists import statements
from platform_core.web.lists.declaration import Search, Sort
from platform_core.web.lists.ordering import Order
from platform_core.web.lists.private import masked
from platform_core.web.lists.reach import Linked, Reach

NARROW = 600
"""Up to so many matches are ranked among each other; more make a word a common one."""
_WALK = 250
"""How many of the newest customers of the actor's are looked at for common words."""
_WALK_ALL = 400
"""How many of the newest of all, for actors who see very many."""
_COMPARED = 100
"""How many customers with a piece of the words are compared with all of them."""
_SAME_NAME = 50
_FEW_PARTS = 4
_SURELY_MANY = 5 * NARROW
"""What PostgreSQL has to expect to be taken at its word."""
_COMMON_SECONDS = 24 * 3600.0
_MOST_REMEMBERED = 5000
_PROOF = proven("search: every statement carries the predicate or the branches of the actor's reach")
_NEWEST = Order(Sort("updated", "", Customer.updated_at, descending=True), descending=True, key=Customer.id)
_FIELDS = (
    Customer.id,
    Customer.code,
    Customer.name,
    Customer.short_name,
    Customer.status,
    Customer.owner_id,
    Customer.department_id,
    Customer.contact_name,
    Customer.phone_mask,
    Customer.updated_at,
)


@dataclass(frozen=True, slots=True)
class Hits:
    """`rows` have the attributes of a customer that lists show, best first. `many`: there are more than these."""

    rows: Sequence[Any]
    many: bool = False


def find(session: Session, actor: Actor, words: str, limit: int = 20) -> Hits:
    """The actor's customers that meet all the words; audited. Nothing for words that mean nothing."""
    words = words.strip()[:MAX_QUERY]
    probing.check(session, actor, words)
    matcher = matching.matcher(session, parse_query(words))
    hits = Hits(()) if matcher is None else _found(session, actor, matcher, words, limit)
    # Digits that are no number yet mean nothing, and are no guess.
    result = probing.result(words, found=matcher is None or bool(hits.rows))
    ids = [row.id for row in hits.rows]
    audit.record(session, actor, "customers.search", ids=ids, after={"words": masked(words)}, result=result)
    return hits


def near(session: Session, actor: Actor, words: str, limit: int = 20) -> Hits:
    """The actor's customers whose names resemble words that none has: a slip, or the same sound; audited.

    Best first, of those that are found by the pieces of the words. Nothing for numbers, addresses and short words.
    """
    words = words.strip()[:MAX_QUERY]
    if not may_be_a_slip(words):
        return Hits(())
    rows = _nearly(session, words)
    ids_shown = [row.id for row in rows[:limit]]
    audit.record(session, actor, "customers.search", ids=ids_shown, after={"words": masked(words), "similar": True})
    return Hits(rows[:limit], many=len(rows) > limit)


def similar(session: Session, words: str) -> Search | None:
    """For the search box of a list in which nobody is found."""
    words = words.strip()[:MAX_QUERY]
    rows = _nearly(session, words) if may_be_a_slip(words) else []
    return Search(Customer.id.in_([row.id for row in rows]), selective=True) if rows else None


def may_be_a_slip(words: str) -> bool:
    """Numbers and addresses are none."""
    query = parse_query(words)
    return not query.digits and not query.mail


def pieces(words: str) -> list[list[Alternatives]]:
    """By what to ask the index for names that resemble the words: by long pieces first, then by all of them."""
    rare, every = (nearwords.alternatives(words, rare=rare) for rare in (True, False))
    return [parts for parts in (rare, every if every != rare else []) if parts]


def _nearly(session: Session, words: str) -> list[Any]:
    """Customers that the session's actor sees, the most similar first."""
    ranked: list[tuple[int, Any]] = []
    for parts in pieces(words):
        if not ranked:
            ids = matching.nearly(session, parts)
            some = session.execute(_ranked(session, ids, words, _COMPARED), execution_options=_PROOF)
            ranked = [(slips, row) for row in some if row.id is not None and (slips := _slips(words, row)) is not None]
    return [row for _slips, row in sorted(ranked, key=lambda item: (item[0], -item[1].updated_at.timestamp()))]


def _slips(words: str, row: Any) -> int | None:
    return nearwords.resemblance(words, row.name, row.short_name, row.contact_name)


def condition(session: Session, words: str) -> Search:
    """For the search box of a list."""
    matcher = matching.matcher(session, parse_query(words))
    if matcher is None:
        return Search(matching.NOTHING, selective=True)
    if _is_common(session, matcher):
        return Search(matcher.probe, selective=False)
    return Search(Customer.id.in_(matcher.ids), selective=True)


def _is_common(session: Session, matcher: Matcher) -> bool:
    if not matcher.may_be_common:
        return False
    for ids in _ways(session, matcher):
        if _has_many(session, ids):
            _remember(session, matcher)
            return True
    return _is_remembered(session, matcher)


def _ways(session: Session, matcher: Matcher) -> Sequence[Select[Any]]:
    """What to ask the index for, until it turns out that very many match."""
    if matcher.whole_words is None:
        return [matcher.ids]
    if _is_remembered(session, matcher):
        return [matcher.whole_words]
    if not database_of(session).is_sqlite and estimated_rows(session, matcher.ids, _PROOF) > _SURELY_MANY:
        _remember(session, matcher)
        return [matcher.whole_words]
    return [matcher.whole_words, matcher.ids]


_common_until: dict[tuple[str, str], float] = {}
"""(database, beginnings) -> when to ask again, on the monotonic clock."""


def _is_remembered(session: Session, matcher: Matcher) -> bool:
    return time.monotonic() < _common_until.get((database_of(session).url, matcher.beginnings), 0)


def _remember(session: Session, matcher: Matcher) -> None:
    """Very many match: not to be asked again, where that takes long to find out."""
    if matcher.beginnings:
        if len(_common_until) >= _MOST_REMEMBERED:
            _common_until.clear()
        _common_until[database_of(session).url, matcher.beginnings] = time.monotonic() + _COMMON_SECONDS


def _has_many(session: Session, ids: Select[Any]) -> bool:
    some = ids.limit(NARROW + 1).subquery("matches")
    return (session.scalar(select(func.count()).select_from(some), execution_options=_PROOF) or 0) > NARROW


def _found(session: Session, actor: Actor, matcher: Matcher, words: str, limit: int) -> Hits:
    reached = reach.of(session, actor)
    rows: Sequence[Any] = ()
    ways = _ways(session, matcher)
    common = _is_remembered(session, matcher)
    for ids in ways:
        found = session.execute(_ranked(session, ids, words, limit), execution_options=_PROOF).all()
        if matcher.may_be_common and found[0].breadth > NARROW:
            _remember(session, matcher)
            common = True
            rows = rows or found  # whole initials stay: the same words find the same when their commonness is known
            break
        rows = found
    ranked = [row for row in rows if row.id is not None]
    if common:
        walked = _walked(session, reached, matcher, words, limit + 1)
        merged = {row.id: row for row in (*walked, *ranked)}
        ranked = sorted(merged.values(), key=lambda row: (row.rank, -row.updated_at.timestamp()))
    return Hits(ranked[:limit], many=common or len(ranked) > limit)


def _rank(words: str) -> Any:
    """0 its code, 1 its name, 2 its name begins so, 3 otherwise."""
    return case(
        (func.lower(Customer.code) == words.lower(), 0),
        (Customer.name == words, 1),
        (Customer.name.istartswith(words, autoescape=True), 2),
        else_=3,
    ).label("rank")


def _seen(session: Session) -> ColumnElement[bool]:
    policy = readable(session, Customer)
    return true() if policy is None else policy


def _ranked(session: Session, ids: Select[Any], words: str, limit: int) -> Select[Any]:
    """The best of at most NARROW matches, each with how many there were; one empty row when none is the actor's."""
    found = ids.limit(NARROW + 1).subquery("found")
    # Those of just this name, which NARROW might cut off where the name is a common word.
    named = select(Customer.id).where(Customer.name_norm == norm(words)).limit(_SAME_NAME).subquery("named")
    both = union(select(found.c.customer_id), select(named.c.id)).cte("matches")
    matches = both.prefix_with("MATERIALIZED", dialect="postgresql")
    rank = _rank(words)
    theirs = select(*_FIELDS, rank).where(_seen(session))
    # A join makes SQLite read all customers into a Bloom filter first; IN makes PostgreSQL sort the matches.
    if database_of(session).is_sqlite:
        theirs = theirs.where(Customer.id.in_(select(matches.c.customer_id)))
    else:
        theirs = theirs.join(matches, matches.c.customer_id == Customer.id)
    best = theirs.order_by(rank, Customer.updated_at.desc(), Customer.id.desc()).limit(limit + 1).subquery("best")
    breadth = select(func.count().label("breadth")).select_from(matches).subquery("breadth")
    return (
        select(breadth.c.breadth, *best.c)
        .select_from(breadth)
        .outerjoin(best, true())
        .order_by(best.c.rank, best.c.updated_at.desc(), best.c.id.desc())
    )


def _walked(session: Session, reached: Reach, matcher: Matcher, words: str, limit: int) -> Sequence[Any]:
    """Those of the newest that match: of the newest that the actor sees, where they can be told, else of all."""
    if reached.whole or reached.parts > _FEW_PARTS:
        newest: ColumnElement[bool] = Customer.id.in_(_newest(reached))
        theirs = _seen(session)
    else:
        newest = among(Customer.id, [row.id for row in _newest_theirs(session, reached)])
        theirs = reached.kept
    statement = (
        select(*_FIELDS, _rank(words))
        .where(newest, theirs, matcher.probe)
        .order_by(Customer.updated_at.desc(), Customer.id.desc())
        .limit(limit)
    )
    return session.execute(statement, execution_options=_PROOF).all()


def _newest(reached: Reach) -> Select[Any]:
    by = (Customer.updated_at.desc(), Customer.id.desc())
    return select(Customer.id).where(reached.kept).order_by(*by).limit(literal(_WALK_ALL))


def _newest_theirs(session: Session, reached: Reach) -> Sequence[Any]:
    sqlite = database_of(session).is_sqlite
    # The last of so many newest ones is far back: sorting what came is quicker than all customers down to there.
    branches = tuple(replace(part, many=part.wide) if isinstance(part, Linked) else part for part in reached.branches)
    reached = replace(reached, branches=branches)
    merge = statements.Merge((Customer.id,), reached, [], sqlite=sqlite)
    values = {**statements.parameters(reached, sqlite=sqlite), statements.LIMIT: _WALK}

    shape = ("search", sqlite, statements.shape(reached, sqlite=sqlite))

    def run(step: tuple[Any, ...], build: Callable[[], Select[Any]], parameters: dict[str, Any]) -> Sequence[Any]:
        return session.execute(statements.once((*shape, *step), build), parameters, execution_options=_PROOF).all()

    return statements.page_of(merge, _NEWEST, "all", values, run, bounded=False, forward=True)
