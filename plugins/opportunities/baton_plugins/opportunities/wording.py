"""How the audit trail speaks of what this plugin does."""

from __future__ import annotations

import pluggy

from platform_core.api import AuditWords, translator

_ = translator("opportunities")
hookimpl = pluggy.HookimplMarker("baton")
_ACTIONS = {
    "opportunities.view": _.lazy("opened an opportunity or contract"),
    "opportunities.list": _.lazy("listed opportunities"),
    "opportunities.list_contracts": _.lazy("listed contracts"),
    "opportunities.forecast": _.lazy("read the forecast"),
    "opportunities.export": _.lazy("took the list of opportunities along as a file"),
    "opportunities.create": _.lazy("added an opportunity"),
    "opportunities.edit": _.lazy("changed an opportunity"),
    "opportunities.lose": _.lazy("closed an opportunity as lost"),
    "opportunities.win": _.lazy("won an opportunity"),
    "opportunities.reopen": _.lazy("reopened an opportunity"),
    "opportunities.sign": _.lazy("recorded a contract"),
    "opportunities.edit_contract": _.lazy("corrected a contract"),
    "opportunities.give": _.lazy("gave an opportunity to somebody else"),
    "opportunities.follow_baton": _.lazy("passed an opportunity on"),
    "opportunities.save_type": _.lazy("changed a project type"),
}
_FIELDS = {
    "title": _.lazy("Title"),
    "project_type": _.lazy("Project type"),
    "need": _.lazy("Need"),
    "expected_value": _.lazy("Expected value"),
    "probability": _.lazy("Probability"),
    "expected_on": _.lazy("Expected on"),
    "stage": _.lazy("Stage"),
    "lost_reason": _.lazy("Reason"),
    "owner": _.lazy("Owner"),
    "number": _.lazy("Contract number"),
    "signed_on": _.lazy("Signed on"),
    "amount": _.lazy("Amount"),
    "starts_on": _.lazy("Starts on"),
    "ends_on": _.lazy("Ends on"),
    "term": _.lazy("Term"),
    "file": _.lazy("File"),
    "code": _.lazy("Code"),
    "name": _.lazy("Name"),
    "route_id": _.lazy("Route"),
    "active": _.lazy("In use"),
    "order": _.lazy("Order"),
}
_VALUES = {
    "stage": {
        "open": _.lazy_pgettext("stage", "Open"),
        "won": _.lazy_pgettext("stage", "Won"),
        "lost": _.lazy_pgettext("stage", "Lost"),
    },
}


@hookimpl
def baton_audit_words() -> list[AuditWords]:
    return [AuditWords("opportunities", _ACTIONS, _FIELDS, values=_VALUES)]
