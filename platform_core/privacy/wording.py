"""How pages and the audit trail speak of consent, restrictions and requests."""

from __future__ import annotations

import pluggy

from platform_core.contracts.plugin import AuditWords
from platform_core.kernel.i18n import translator
from platform_core.privacy.dictionaries import CHANNELS, PURPOSES, SOURCES

_ = translator("privacy")
hookimpl = pluggy.HookimplMarker("baton")
KINDS = {
    "access": _.lazy("A copy of everything that is known"),
    "correction": _.lazy("A correction"),
    "restriction": _.lazy("A restriction"),
    "erasure": _.lazy("Erasure"),
}
STATES = {
    "open": (_.lazy_pgettext("request", "open"), "amber"),
    "done": (_.lazy_pgettext("request", "done"), "jade"),
    "refused": (_.lazy_pgettext("request", "refused"), "red"),
    "withdrawn": (_.lazy_pgettext("request", "taken back"), ""),
}
"""State -> (words, tone)"""
ACTS = {
    "correct": _.lazy("corrected the record"),
    "restrict": _.lazy("restricted the record"),
    "lift": _.lazy("lifted the restriction"),
    "package": _.lazy("asked for the copy"),
    "erase": _.lazy("erased the person"),
    "close": _.lazy("closed the request"),
}
_ACTIONS = {
    "privacy.view": _.lazy("looked at consent"),
    "privacy.agree": _.lazy("wrote down a consent"),
    "privacy.withdraw": _.lazy("wrote down a refusal or withdrawal"),
    "privacy.suppress": _.lazy("wrote down an opt-out"),
    "privacy.lift_suppression": _.lazy("took an opt-out back"),
    "privacy.text": _.lazy("added a version of a consent text"),
    "privacy.restrict": _.lazy("restricted a record"),
    "privacy.lift_restriction": _.lazy("lifted a restriction"),
    "privacy.register": _.lazy("read the register of requests"),
    "privacy.request": _.lazy("registered a request of a person"),
    "privacy.request_view": _.lazy("looked at a request of a person"),
    "privacy.correct": _.lazy("corrected a record on request"),
    "privacy.close": _.lazy("closed a request of a person"),
}
_FIELDS = {
    "purpose": _.lazy("Purpose"),
    "channel": _.lazy("Channel"),
    "consent_source": _.lazy("How we know"),
    "at": _.lazy("When"),
    "number": _.lazy("Number"),
    "version": _.lazy("Version"),
    "request": _.lazy("Request"),
    "asked": _.lazy("Asked for"),
    "due": _.lazy("Due"),
    "state": _.lazy("State"),
    "field": _.lazy("Field"),
}
_DICTIONARIES = {"purpose": PURPOSES, "channel": CHANNELS, "consent_source": SOURCES}
_VALUES = {"asked": KINDS, "state": {code: words for code, (words, _tone) in STATES.items()}}


@hookimpl
def baton_audit_words() -> list[AuditWords]:
    return [AuditWords("privacy", _ACTIONS, _FIELDS, dictionaries=_DICTIONARIES, values=_VALUES)]
