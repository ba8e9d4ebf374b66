"""The table that may be downloaded and filled in: a title for every field, and one row that shows how."""

from __future__ import annotations

from sqlalchemy.orm import Session

from platform_core.customers.fields import GENDERS, KINDS
from platform_core.customers.importing import own
from platform_core.kernel import clock, dictionaries
from platform_core.kernel.i18n import translator

_ = translator("customers")
_CELLS = {
    "name": _.lazy_pgettext("example", "Example Trading Co."),
    "contact_name": _.lazy_pgettext("example", "Alex Smith"),
    "phone": "138 0000 0000; 010-62345678",
    "email": "alex@company.example",
    "wechat": "alex_smith",
    "kind": KINDS["organisation"],
    "short_name": _.lazy_pgettext("example", "Example"),
    "city": _.lazy_pgettext("example", "Qingdao"),
    "address": _.lazy_pgettext("example", "1 Harbour Road"),
    "source_url": "https://company.example/contact",
    "legal_person": _.lazy_pgettext("example", "Alex Smith"),
    "website": "https://company.example",
    "position": _.lazy_pgettext("example", "Head of training"),
    "gender": GENDERS["f"],
    "birthday": "1986-05-20",
    "intent": _.lazy_pgettext("example", "A course for managers"),
    "tags": _.lazy_pgettext("example", "fair; large"),
    "notes": _.lazy_pgettext("example", "Met at the spring fair. Delete this row before you import."),
}


def table(session: Session) -> tuple[list[str], list[str]]:
    """(titles, example row); values of dictionaries are the first ones that are in use."""
    row, known = [], own.targets(session)
    for key, target in known.items():
        cell = str(_CELLS.get(key, ""))
        if target.kind == "dictionary":
            cell = next((label for _code, label in dictionaries.choices(session, f"customers.{key}")), "")
        elif key == "collected_on":
            cell = clock.today().isoformat()
        row.append(cell)
    return [str(target) for target in known.values()], row
