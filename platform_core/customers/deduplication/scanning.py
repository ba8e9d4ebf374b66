"""The nightly look for pairs: what records share, weighed, kept in slices so that a killed scan leaves whole pairs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import combinations, groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Select, String, case, cast, delete, distinct, func, literal, select
from sqlalchemy.orm import Session

from platform_core.contracts.events import ClockTime, Job
from platform_core.customers.deduplication import rules
from platform_core.customers.deduplication.models import OPEN, DuplicatePair
from platform_core.customers.models import ContactPoint, Customer
from platform_core.kernel.clock import now
from platform_core.kernel.idlists import among
from platform_core.kernel.ids import new_id
from platform_core.kernel.jobs import JobContext

Pair = tuple[UUID, UUID]
SLICE = 500
_CODES = {"mobile": "mobile", "phone": "phone", "fax": "phone", "email": "email", "wechat": "account", "qq": "account"}
"""Kind of a contact point -> code of `rules.WORDS`."""
_KEPT = (Customer.deleted_at.is_(None), Customer.restricted_at.is_(None))


def scan(context: JobContext) -> None:
    """Find pairs, weigh them, keep those worth showing. Idempotent."""
    began = now()
    with context.database.system_session("find duplicates", write=False) as session:
        found = candidates(session)
    pairs = sorted(found)
    for start in range(0, len(pairs), SLICE):
        part = pairs[start : start + SLICE]
        with context.database.system_session("keep duplicates") as session:
            keep(session, {pair: found[pair] for pair in part}, began)
            context.progress(session, start + len(part), len(pairs))
    with context.database.system_session("forget duplicates") as session:
        gone = delete(DuplicatePair).where(DuplicatePair.state == OPEN, DuplicatePair.scanned_at < began)
        session.execute(gone, execution_options={"synchronize_session": False})


def candidates(session: Session) -> dict[Pair, set[str]]:
    """Pairs that share something -> codes of what they share."""
    found: defaultdict[Pair, set[str]] = defaultdict(set)
    for statement in (_by_point(), _by_tax_no(), _by_name(), _by_birth()):
        for code, ids in _groups(session, statement):
            for pair in combinations(sorted(ids), 2):
                found[pair].add(code)
    return found


def _groups(session: Session, statement: Select[Any]) -> Iterator[tuple[str, set[UUID]]]:
    """(code, customers that share a value). `statement`: rows (value, code, customer id) in the order of values."""
    for _value, group in groupby(session.execute(statement), itemgetter(0)):
        shared = [(code, key) for _same, code, key in group]
        ids = {key for _code, key in shared}
        if 1 < len(ids) <= rules.MOST_SHARING:
            yield max((code for code, _key in shared), key=rules.WEIGHTS.__getitem__), ids


def _by_point() -> Select[Any]:
    customers: Any = func.count(distinct(ContactPoint.customer_id))
    shared = (
        select(ContactPoint.full_hash)
        .where(ContactPoint.customer_id.is_not(None))
        .group_by(ContactPoint.full_hash)
        .having(customers.between(2, rules.MOST_SHARING))
    )
    return (
        select(ContactPoint.full_hash, case(_CODES, value=ContactPoint.kind), ContactPoint.customer_id)
        .join(Customer, Customer.id == ContactPoint.customer_id)
        .where(ContactPoint.full_hash.in_(shared), *_KEPT)
        .order_by(ContactPoint.full_hash)
    )


def _by_tax_no() -> Select[Any]:
    return _by_value("tax_no", [Customer.tax_no])


def _by_name() -> Select[Any]:
    return _by_value("company", [Customer.name_norm], Customer.kind == "organisation")


def _by_birth() -> Select[Any]:
    born = (Customer.birth_year, Customer.birth_month, Customer.birth_day)
    known = [column.is_not(None) for column in born]
    return _by_value("born", [Customer.name_norm, *born], Customer.kind == "person", *known)


def _by_value(code: str, columns: Sequence[Any], *conditions: Any) -> Select[Any]:
    """Kept customers that share what these columns say, the first of which is not empty."""
    sharing: Any = func.count().over(partition_by=columns)
    value = columns[0]
    for column in columns[1:]:
        value = value.concat(" ").concat(cast(column, String))
    kept = (columns[0] != "", *_KEPT, *conditions)
    rows = select(value.label("value"), Customer.id, sharing.label("sharing")).where(*kept).subquery()
    several = rows.c.sharing.between(2, rules.MOST_SHARING)
    return select(rows.c.value, literal(code), rows.c.id).where(several).order_by(rows.c.value)


def keep(session: Session, found: Mapping[Pair, set[str]], at: datetime) -> None:
    """Write those that are worth showing; what people have decided stays as it is."""
    ids = {key for pair in found for key in pair}
    columns = [getattr(Customer, name) for name in rules.COLUMNS]
    rows = {row.id: row for row in session.execute(select(*columns).where(among(Customer.id, ids)))}
    firsts = among(DuplicatePair.first_id, [pair[0] for pair in found])
    known = {(row.first_id, row.second_id): row for row in session.scalars(select(DuplicatePair).where(firsts))}
    for pair, shared in found.items():
        first, second = rows.get(pair[0]), rows.get(pair[1])
        if first is None or second is None:  # deleted since they were found
            continue
        points, reasons = rules.score(first, second, shared)
        if points < rules.THRESHOLD:
            continue
        row = known.get(pair)
        if row is None:
            row = DuplicatePair(id=new_id(), first_id=pair[0], second_id=pair[1], state=OPEN)
            session.add(row)
        row.score, row.reasons, row.scanned_at = points, reasons, at


JOBS = [
    # Until the first slice is kept nothing can be reported: at a million customers that takes about a minute.
    Job("customers.scan_duplicates", scan, at=(ClockTime(2, 10),), catch_up=True, lease_seconds=900),
]
