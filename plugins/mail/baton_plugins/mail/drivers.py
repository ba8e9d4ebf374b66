"""The kinds of account that come along."""

from __future__ import annotations

from baton_plugins.mail.smtp import PLAIN, STARTTLS, TLS, Smtp
from baton_plugins.mail.trial import Trial

from platform_core.api import translator
from platform_core.api.messages import Driver, DriverField, Rules

_ = translator("mail")
CHANNEL = "email"
_RULES = Rules(longest=100_000, window=(8, 21), opt_out_words=())
_SECURITY = (
    (STARTTLS, _.lazy("STARTTLS (usually port 587)")),
    (TLS, _.lazy("TLS from the start (usually port 465)")),
    (PLAIN, _.lazy("None: only for a server on this machine")),
)

SMTP = Driver(
    "mail.smtp", CHANNEL, _.lazy("Mail server (SMTP)"),
    (
        DriverField("host", _.lazy("Server")),
        DriverField("port", _.lazy("Port"), "587"),
        DriverField("security", _.lazy("Encryption"), STARTTLS, choices=_SECURITY,
                    help=_.lazy("Where the server does not offer it, nothing is sent.")),
        DriverField("username", _.lazy("User name"), required=False),
        DriverField("password", _.lazy("Password"), secret=True, required=False),
        DriverField("sender", _.lazy("Sender address")),
        DriverField("sender_name", _.lazy("Sender name"), "Baton", required=False),
        DriverField("authority", _.lazy("File with the certificate of an authority of one's own"), required=False,
                    help=_.lazy("Empty: those that this machine trusts.")),
    ),
    Smtp, _RULES, batch=1,
)  # fmt: skip
TRIAL = Driver(
    "mail.trial", CHANNEL, _.lazy("Mail for trials: nothing leaves the house"),
    (DriverField("folder", _.lazy("Folder"), required=False, help=_.lazy("Mails become files in it; empty: none.")),),
    Trial, _RULES,
)  # fmt: skip
DRIVERS = (SMTP, TRIAL)
