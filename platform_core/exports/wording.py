"""States of requests, and how the audit trail speaks of them."""

from __future__ import annotations

import pluggy

from platform_core.contracts.plugin import AuditWords
from platform_core.kernel.i18n import translator

_ = translator("exports")
hookimpl = pluggy.HookimplMarker("baton")
STATES = {
    "asked": (_.lazy("waits for a decision"), "amber"),
    "declined": (_.lazy("declined"), "red"),
    "withdrawn": (_.lazy("taken back"), ""),
    "approved": (_.lazy("is being made"), "primary"),
    "written": (_.lazy("is being made"), "primary"),
    "ready": (_.lazy("ready"), "jade"),
    "failed": (_.lazy("could not be made"), "red"),
    "gone": (_.lazy("over"), ""),
}
"""State -> (words, tone)"""
KINDS = {
    "table": _.lazy("The list as it is"),
    "addresses": _.lazy("Address list"),
    "phones": _.lazy("Phone list"),
    "labels": _.lazy("Labels"),
    "letters": _.lazy("Letters"),
}
_ACTIONS = {
    "exports.ask": _.lazy("asked for a file"),
    "exports.approve": _.lazy("approved a file"),
    "exports.decline": _.lazy("declined a file"),
    "exports.withdraw": _.lazy("took back a request for a file"),
    "exports.make": _.lazy("took rows into a file"),
    "exports.ready": _.lazy("had a file made"),
    "exports.download": _.lazy("fetched a file"),
    "exports.print": _.lazy("printed rows"),
    "exports.paper": _.lazy("opened a page for printing"),
    "exports.letter": _.lazy("kept a letter"),
    "exports.letter_remove": _.lazy("removed a letter"),
}
_FIELDS = {
    "what": _.lazy("What"),
    "kind": _.lazy("Kind"),
    "conditions": _.lazy("Conditions"),
    "rows": _.lazy("Rows"),
    "form": _.lazy("Format"),
    "sha256": _.lazy("Digest of the file"),
    "downloads": _.lazy("Times fetched"),
}


@hookimpl
def baton_audit_words() -> list[AuditWords]:
    return [AuditWords("exports", _ACTIONS, _FIELDS)]
