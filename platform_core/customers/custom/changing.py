"""Own fields as they are changed in a cell of a list, or of many customers at once: each by one line of text.

What takes more than a line stays on the record's page, and so do sensitive values, which lists do not have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from platform_core.customers.custom import inputs, values
from platform_core.customers.custom.definitions import PREFIX, Field, known, named
from platform_core.customers.models import Customer
from platform_core.kernel import dictionaries
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.web.lists.changing import ChangeField

_ = translator("customers")
LONGEST = 500


def is_changed(item: Field) -> bool:
    return item.is_usable and not item.data.sensitive and item.widget != "textarea"


def offered(session: Session) -> list[ChangeField]:
    return [_offered(session, item) for item in known(session).fields if is_changed(item)]


def _offered(session: Session, item: Field) -> ChangeField:
    empty = not item.data.required
    if item.widget in {"choice", "person", "yesno"}:
        return ChangeField(item.name, item.label, options=inputs.choices(session, item, ""), empty=empty)
    if item.is_date:
        return ChangeField(item.name, item.label, "date", empty=empty, hint=item.data.help)
    hint = _("Separate several by commas.") if item.widget == "choices" else item.data.help
    return ChangeField(item.name, item.label, "text", empty=empty, hint=hint, longest=LONGEST)


def checked(session: Session, wanted: Mapping[str, Any]) -> dict[str, str]:
    """Those of the values that are own fields', as `held` says them. Raises Invalid at the field."""
    found, wrong = {}, {}
    for name, text in wanted.items():
        item = named(session, name)
        if item is None:
            continue
        try:
            found[name] = _text(session, item, values.read(session, item, text))
        except ValueError as error:
            wrong[name] = str(error)
    if wrong:
        raise Invalid(_("Please check the marked fields."), fields=wrong)
    return found


def held(session: Session) -> Callable[[Customer], dict[str, str]]:
    """What one customer after another has in these fields."""
    fields = [item for item in known(session).fields if is_changed(item)]
    return lambda customer: {item.name: _text(session, item, (customer.custom or {}).get(item.key)) for item in fields}


def fit(session: Session, names: Mapping[str, Any], classification: str) -> bool:
    """Whether a customer of this classification has those of the fields that are own ones."""
    found = [item for name in names if (item := named(session, name)) is not None]
    return all(item.fits(classification) for item in found)


def given(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Key -> value, as the verbs for a single customer take them."""
    return {name.removeprefix(PREFIX): value for name, value in wanted.items() if name.startswith(PREFIX)}


def _text(session: Session, item: Field, kept: Any) -> str:
    if isinstance(kept, list):
        return ", ".join(dictionaries.label(session, item.data.dictionary, code) for code in kept)
    return kept or ""
