"""How the audit trail speaks of what this plugin does."""

from __future__ import annotations

import pluggy
from platform_core.api import AuditWords, translator

_ = translator("@name@")
hookimpl = pluggy.HookimplMarker("baton")
_ACTIONS = {
    "@name@.view": _.lazy("opened an entry"),
    "@name@.list": _.lazy("listed entries"),
    "@name@.create": _.lazy("added an entry"),
    "@name@.edit": _.lazy("changed an entry"),
    "@name@.remove": _.lazy("removed an entry"),
}
_FIELDS = {"title": _.lazy("Title"), "amount": _.lazy("Amount"), "note": _.lazy("Note")}


@hookimpl
def baton_audit_words() -> list[AuditWords]:
    return [AuditWords("@name@", _ACTIONS, _FIELDS)]
