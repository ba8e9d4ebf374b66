"""Adding entries by uploading a table."""

from __future__ import annotations

import pluggy
from platform_core.api import Actor, ImportTarget, Invalid, Session, translator

from baton_plugins.@name@ import queries, services
from baton_plugins.@name@.forms import EntryInput, EntryRow

_ = translator("@name@")
hookimpl = pluggy.HookimplMarker("baton")


def _create(session: Session, actor: Actor, row: EntryRow) -> None:
    customer = queries.customer_of_code(session, row.customer)
    if customer is None:
        message = _("There is no customer with this code, or not for you.")
        raise Invalid(message, fields={"customer": message})
    services.create(session, actor, customer.id, EntryInput(title=row.title, amount=row.amount, note=row.note))


ENTRIES = ImportTarget(
    key="@name@.entries",
    label=_.lazy("Entries"),
    permission="@name@.write",
    input=EntryRow,
    columns={
        "customer": _.lazy("Customer code"),
        "title": _.lazy("Title"),
        "amount": _.lazy("Amount"),
        "note": _.lazy("Note"),
    },
    create=_create,
    url="/@name@",
)


@hookimpl
def baton_import_targets() -> list[ImportTarget]:
    return [ENTRIES]
