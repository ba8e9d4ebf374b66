"""How the audit trail speaks of text messages."""

from __future__ import annotations

import pluggy

from platform_core.api import AuditWords, noop, translator

_ = translator("sms")
hookimpl = pluggy.HookimplMarker("baton")
_WORDS = {
    "sms.list": _.lazy("listed text messages"),
    "sms.counts": _.lazy("counted text messages"),
    "sms.export": _.lazy("took the list of text messages along as a file"),
    "sms.send": _.lazy("sent a text message"),
    "sms.template": _.lazy("changed a template of text messages"),
    "sms.campaign_draft": _.lazy("put down whom a mass message is for"),
    "sms.campaign_preview": _.lazy("looked at what a mass message would do"),
    "sms.campaign_view": _.lazy("looked at a mass message"),
    "sms.campaign_discard": _.lazy("discarded a mass message"),
    "sms.campaign_submit": _.lazy("sent a mass message, or asked for its approval"),
    "sms.campaign_approve": _.lazy("approved a mass message"),
    "sms.campaign_refuse": _.lazy("did not approve a mass message"),
    "sms.campaign_withdraw": _.lazy("took a mass message back"),
    "sms.campaign_send": _.lazy("wrote to customers by a mass message"),
    "sms.campaign_finish": _.lazy("finished handing over a mass message"),
    "sms.campaign_pause": _.lazy("paused a mass message"),
    "sms.campaign_resume": _.lazy("let a mass message go on"),
    "sms.campaign_cancel": _.lazy("cancelled a mass message"),
}
_FIELDS = {
    "purpose": _.lazy("Purpose"),
    "parts": _.lazy("Parts"),
    "body": _.lazy("Text"),
    "codes": _.lazy("Codes of providers"),
    "names": _.lazy("Names of places with providers"),
    "active": _.lazy("Active"),
    "number": _.lazy("Number"),
    "going": _.lazy("Get it"),
    "left_out": _.lazy("Left out"),
    "conditions": _.lazy("Conditions"),
}
NEWS = (
    noop("%(name)s wants no more messages."),
    noop("%(name)s has answered a message."),
    noop("%(name)s asks you to approve a message to many customers."),
    noop("%(name)s has approved your message to many customers."),
    noop("%(name)s has not approved your message to many customers."),
)


@hookimpl
def baton_audit_words() -> list[AuditWords]:
    return [AuditWords("sms", _WORDS, _FIELDS, {"purpose": "privacy.purposes"})]
