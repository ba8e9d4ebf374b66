"""How a row of an import is shown to whoever uploaded it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from platform_core.customers.duplicates import Duplicate
from platform_core.customers.importing.models import ImportBatch, ImportRow
from platform_core.customers.importing.rows import Payload
from platform_core.kernel import phones
from platform_core.kernel.i18n import translator
from platform_core.kernel.xlsxguard import column_name

_ = translator("customers")
_HEADER_SHOWN = 30


@dataclass(frozen=True, slots=True)
class ShownRow:
    """reasons: why it is no new customer; found_id: the customer it duplicates, when the viewer may see that one."""

    number: int
    name: str
    contact: str
    phone: str
    reasons: tuple[str, ...]
    found_id: UUID | None
    customer_id: UUID | None


def shown(batch: ImportBatch, row: ImportRow, payload: Payload, known: Mapping[UUID, Duplicate]) -> ShownRow:
    duplicate = known.get(row.found_id) if row.found_id else None
    values = payload.values
    numbers = [phones.mask(text.partition(" ")[0]) for kind, text in payload.points if kind == "phone"]
    return ShownRow(
        row.number,
        str(values.get("name") or _first_name(batch, payload)),
        str(values.get("contact_name", "")),
        ", ".join(numbers),
        (*_problems(batch, payload), *_duplicate(row, duplicate)),
        duplicate.customer_id if duplicate else None,
        row.customer_id,
    )


def _first_name(batch: ImportBatch, payload: Payload) -> str:
    """What a refused row calls itself."""
    names = [cell for cell, key in zip(payload.cells, batch.mapping, strict=False) if key in {"name", "contact_name"}]
    return next(filter(None, names), "")


def _problems(batch: ImportBatch, payload: Payload) -> list[str]:
    texts = []
    for problem in payload.problems:
        if 0 <= problem.column < len(batch.headers):
            header = batch.headers[problem.column][:_HEADER_SHOWN]
            place = column_name(problem.column)
            texts.append(
                _("%(title)s (column %(column)s): %(problem)s", title=header, column=place, problem=problem.text)
            )
        else:
            texts.append(problem.text)
    return texts


def _duplicate(row: ImportRow, duplicate: Duplicate | None) -> list[str]:
    if row.found_row is not None:
        if row.found_by == "phone":
            return [_("Row %(row)s has the same phone number.", row=row.found_row)]
        return [_("Row %(row)s has the same name.", row=row.found_row)]
    if row.found_by == "code":
        return [_("This code is taken.")]
    if duplicate is not None:
        return [duplicate.text]
    if row.found_id is not None:
        return [_("It was in the house at the time of the check.")]
    return []
