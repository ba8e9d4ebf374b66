"""What an admin may change about reminders at Settings -> Plugins."""

from __future__ import annotations

from typing import Any

from baton_plugins.activities.reminders.leads import LEADS

from platform_core.api import Setting, translator

_ = translator("activities")


def _check_many(number: int) -> str:
    return "" if 1 <= number <= 50 else _("Write a number from %(least)s to %(most)s.", least=1, most=50)


def _check_codes(text: str) -> str:
    wrong = [part for part in text.split(",") if part.strip() and not all(part.strip().partition("="))]
    return _("Write driver=code, such as sms.aliyun=SMS_1234.") if wrong else ""


LEAD = Setting(
    "activities.lead",
    _.lazy("Remind of plans with a time, unless somebody says otherwise"),
    "15m",
    choices=(("", _.lazy("not at all")), *((lead, lead) for lead in LEADS)),
    help=_.lazy("Minutes (m), hours (h) or days (d) before."),
)
TOGETHER = Setting(
    "activities.reminders_together",
    _.lazy("From how many reminders at once somebody gets one for all"),
    5,
    check=_check_many,
)
DIGEST = Setting(
    "activities.digest", _.lazy("At 8:15, an overview of the day for everybody who has plans"), default=True
)
SMS = Setting(
    "activities.sms_reminders",
    _.lazy("Reminders also as text messages to those who have the right to it"),
    default=True,
    help=_.lazy("Needs the plugin for text messages, and a mobile number of the colleague."),
)
SMS_AWAY = Setting(
    "activities.sms_when_away", _.lazy("Text messages only to those who are not at Baton at that moment"), default=True
)
SMS_NAMES = Setting(
    "activities.sms_names",
    _.lazy("Text messages and mails to colleagues name the customer"),
    default=False,
    help=_.lazy("What has left the house cannot be erased any more."),
)
SMS_CODES = Setting(
    "activities.sms_codes",
    _.lazy("Approved templates for reminders by text message"),
    "",
    help=_.lazy("Where the provider asks for one: driver=code, separated by commas. Variables: when, what, whom."),
    check=_check_codes,
)
MAIL = Setting(
    "activities.mail_reminders",
    _.lazy("Reminders and the overview of the day also as mails"),
    default=True,
    help=_.lazy("Needs the plugin for mail with an account, and a mail address; everybody chooses at My account."),
)
MAIL_AWAY = Setting(
    "activities.mail_when_away", _.lazy("Mails only to those who are not at Baton at that moment"), default=True
)
ALL: list[Setting[Any]] = [LEAD, TOGETHER, DIGEST, SMS, SMS_AWAY, SMS_NAMES, SMS_CODES, MAIL, MAIL_AWAY]
