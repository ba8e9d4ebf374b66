"""How occasions, greetings and the acts on them are called."""

from __future__ import annotations

import pluggy

from platform_core.api import AuditWords, Tone, translator

_ = translator("care")
hookimpl = pluggy.HookimplMarker("baton")
KINDS = {
    "birthday": _.lazy("Birthday"),
    "anniversary": _.lazy("Anniversary"),
    "fixed": _.lazy("Day of the year"),
    "nth": _.lazy("Weekday of a month"),
    "lunar": _.lazy("Day of the lunar year"),
    "eve": _.lazy("Eve of the lunar year"),
    "term": _.lazy("Solar term"),
}
WEEKDAYS = (
    _.lazy("Monday"), _.lazy("Tuesday"), _.lazy("Wednesday"), _.lazy("Thursday"), _.lazy("Friday"),
    _.lazy("Saturday"), _.lazy("Sunday"),
)  # fmt: skip
TERMS = (
    _.lazy("Minor cold"), _.lazy("Major cold"), _.lazy("Start of spring"), _.lazy("Rain water"),
    _.lazy("Awakening of insects"), _.lazy("Spring equinox"), _.lazy("Qingming"), _.lazy("Grain rain"),
    _.lazy("Start of summer"), _.lazy("Grain buds"), _.lazy("Grain in ear"), _.lazy("Summer solstice"),
    _.lazy("Minor heat"), _.lazy("Major heat"), _.lazy("Start of autumn"), _.lazy("End of heat"), _.lazy("White dew"),
    _.lazy("Autumn equinox"), _.lazy("Cold dew"), _.lazy("Frost's descent"), _.lazy("Start of winter"),
    _.lazy("Minor snow"), _.lazy("Major snow"), _.lazy("Winter solstice"),
)  # fmt: skip
"""From the first of January on"""
STATES: dict[str, tuple[str, Tone]] = {
    "planned": (_.lazy("planned"), ""),
    "queued": (_.lazy("handed over"), "jade"),
    "personal": (_.lazy("to be called"), "primary"),
    "left": (_.lazy("left out"), "amber"),
    "expired": (_.lazy("too late"), "amber"),
}
WHY = {
    "gone": _.lazy("The customer is gone, or its record is restricted."),
    "restricted": _.lazy("The record is restricted."),
    "no_number": _.lazy("There is no mobile number."),
    "opted_out": _.lazy("This number or person wants no more messages."),
    "withdrawn": _.lazy("The person has withdrawn their consent."),
    "no_consent": _.lazy("The person has not agreed to greetings."),
    "excluded": _.lazy("The person is to be left alone."),
    "duplicate": _.lazy("The same number is greeted on this day already."),
    "no_text": _.lazy("There is no template for it."),
    "empty": _.lazy("There is nothing to put into one of the places."),
    "text": _.lazy("The provider would refuse the text."),
    "template": _.lazy("Its provider has not approved the template."),
    "late": _.lazy("Its day had passed."),
}
_WORDS = {
    "care.week": _.lazy("looked at whom the house greets"),
    "care.occasion": _.lazy("changed an occasion"),
    "care.date": _.lazy("changed an anniversary of a customer"),
    "care.wish": _.lazy("said whether a customer is glad of an occasion"),
    "care.expand": _.lazy("wrote down whom to greet"),
    "care.greet": _.lazy("greeted customers"),
}
_FIELDS = {
    "name": _.lazy("Name"),
    "number": _.lazy("Number"),
    "day": _.lazy("Day"),
    "lunar": _.lazy("By the lunar calendar"),
    "hour": _.lazy("Hour"),
    "order": _.lazy("Order"),
    "active": _.lazy("Active"),
    "sensitive": _.lazy("Sensitive"),
    "moved": _.lazy("Days of single years"),
    "texts": _.lazy("Templates"),
    "wanted": _.lazy("Wanted"),
    "kind": _.lazy("Kind"),
}


@hookimpl
def baton_audit_words() -> list[AuditWords]:
    return [AuditWords("care", _WORDS, _FIELDS, values={"kind": KINDS})]
