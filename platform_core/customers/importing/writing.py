"""Writing drafts of customers, many at a time: the same rows that customers.services.create makes one by one.

What takes time was done before (drafting.py), so that other writers wait for inserts only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from platform_core.customers import codes
from platform_core.customers.importing import updating
from platform_core.customers.importing.drafting import Draft, Forms
from platform_core.customers.importing.matching import taken_codes
from platform_core.kernel.bulkrows import Writer
from platform_core.kernel.database import database_of
from platform_core.kernel.searchcolumn import stored
from platform_core.kernel.searchtokens import index_tokens


def save(session: Session, drafts: Sequence[Draft]) -> list[UUID]:
    """Insert them in the caller's transaction; returns the customers' ids in order. Needs a system session."""
    if not drafts:
        return []
    database = database_of(session)
    given = _given_codes(session, drafts)
    coded = [(item, item.code or given[item.number]) for item in drafts]
    forms, writer = Forms(database.engine.url.drivername), Writer.of(session)
    writer.put(forms.customer, [forms.customer.complete(item.customer, code) for item, code in coded])
    writer.put(forms.contact, [contact for item in drafts for contact in item.contacts])
    writer.put(forms.point, [point for item in drafts for point in item.points])
    writer.put(forms.address, [item.address for item in drafts if item.address])
    writer.put(
        forms.search,
        [
            forms.search.complete(item.search, f"{item.tokens} {stored(index_tokens(code), sqlite=database.is_sqlite)}")
            for item, code in coded
        ],
    )
    writer.put(forms.status, [item.status for item in drafts])
    updating.tagged(session, [(item.customer_id, item.tags) for item in drafts if item.tags])
    return [item.customer_id for item in drafts]


def _given_codes(session: Session, drafts: Sequence[Draft]) -> dict[int, str]:
    """Codes from the counter for rows without one, in one block; numbers that somebody typed already are left out."""
    given: dict[int, str] = {}
    without: dict[str, list[int]] = defaultdict(list)
    for item in reversed(drafts):
        if not item.code:
            without[item.kind].append(item.number)
    for kind, numbers in without.items():
        while numbers:
            made = codes.fresh(session, kind, len(numbers))
            taken = taken_codes(session, made)
            given |= {numbers.pop(): code for code in made if code not in taken}
    return given
