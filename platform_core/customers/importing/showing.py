"""How a row of an import is shown to whoever uploaded it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from platform_core.customers import fields, points
from platform_core.customers.custom import definitions
from platform_core.customers.custom.values import mask
from platform_core.customers.duplicates import Duplicate
from platform_core.customers.importing import own
from platform_core.customers.importing.changes import Change
from platform_core.customers.importing.columns import TARGETS
from platform_core.customers.importing.models import ImportBatch, ImportRow
from platform_core.customers.importing.rows import Payload
from platform_core.kernel import cells, phones
from platform_core.kernel.cells import CellError
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
    """Or, of a row that changes a customer, what it changes."""
    found_id: UUID | None
    customer_id: UUID | None


def shown(
    session: Session, batch: ImportBatch, row: ImportRow, payload: Payload, known: Mapping[UUID, Duplicate]
) -> ShownRow:
    duplicate = known.get(row.found_id) if row.found_id else None
    values = payload.values
    numbers = [phones.mask(text.partition(" ")[0]) for kind, text in payload.points if kind == "phone"]
    return ShownRow(
        row.number,
        str(values.get("name") or _first_name(batch, payload)),
        str(values.get("contact_name", "")),
        ", ".join(numbers),
        (*_problems(batch, payload), *_changes(session, payload.change or Change()), *_duplicate(row, duplicate)),
        duplicate.customer_id if duplicate else None,
        row.customer_id,
    )


def _changes(session: Session, change: Change) -> list[str]:
    texts = []
    pairs = fields.masked_pairs(change.fields)
    sides = [own.told({name: pair[side] for name, pair in pairs.items()}) for side in (0, 1)]
    for name, old in sides[0].items():
        new = sides[1][name]
        words = {"field": fields.label(name, session), "old": fields.shown(session, name, old) or "\u2014"}
        texts.append(_("%(field)s: %(old)s \u2192 %(new)s", **words, new=fields.shown(session, name, new)))
    added = [("contact_name", change.contact), ("street", change.address), ("tags", ", ".join(change.tags))]
    added += [(kind, point_mask(kind, text)) for kind, text in change.points]
    texts += [_("%(field)s: + %(new)s", field=fields.label(name), new=text) for name, text in added if text]
    return texts


def point_mask(kind: str, text: str) -> str:
    if kind == "phone":
        return phones.mask(text.partition(" ")[0])
    return phones.mask_mail(text) if kind == "email" else points.mask_account(text)


def masked_sample(session: Session, key: str, text: str) -> str:
    """A cell of the uploaded table once its column is known to hold numbers or addresses of people."""
    item = definitions.named(session, key)
    if item is not None:
        return mask(text) if item.data.sensitive else text
    kind = TARGETS[key].kind if key in TARGETS else ""
    if kind == "phone":
        try:
            return ", ".join(phones.mask(number.e164) for number in cells.parse_phones(text))
        except CellError:
            return re.sub(r"\d(?=.*\d\d)", "*", text)  # what is no number keeps its last two digits
    if kind == "email":
        return ", ".join(phones.mask_mail(part.strip()) if "@" in part else "***" for part in re.split("[;,]", text))
    if kind == "wechat":
        return points.mask_account(text)
    return f"****{text[-4:]}" if key == "bank_account" else text


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
        if row.found_by == "email":
            return [_("Row %(row)s has the same mail address.", row=row.found_row)]
        return [_("Row %(row)s has the same name.", row=row.found_row)]
    if row.verdict == "update":
        return []
    if row.found_by == "code" and duplicate is None:
        return [_("This code is taken.")]
    if duplicate is not None:
        return [duplicate.text]
    if row.found_id is not None:
        return [_("It was in the house at the time of the check.")]
    return []
