"""Work of the outbox beside sending: asking a provider whether an account is good, and tidying."""

from __future__ import annotations

from uuid import UUID

from platform_core.contracts.messaging import NotSent
from platform_core.kernel.i18n import translator
from platform_core.kernel.jobs import JobContext, JobFailedError
from platform_core.outbox import accounts, reports

_ = translator("outbox")
HEALTH = "outbox.health"


def health(context: JobContext) -> None:
    """A job, since a provider may take long to answer. `account`: its id."""
    with context.database.system_session("check an account", write=False) as session:
        account = accounts.get(session, UUID(str(context.arguments["account"])))
        driver = accounts.drivers(session).get(account.driver)
        config = accounts.config_of(session, account)
    if driver is None:
        raise JobFailedError(_("The plugin with this driver is switched off."))
    gateway = None
    try:
        gateway = driver.open(config)
        told = gateway.health()
    except NotSent as error:
        raise JobFailedError(_("It does not answer as it should: %(error)s", error=error.reason)) from error
    except Exception as error:
        # The text of an error may hold an address with a key in it.
        raise JobFailedError(_("It does not answer as it should: %(error)s", error=type(error).__name__)) from error
    finally:
        if gateway is not None:
            gateway.close()
    with context.database.system_session("an account is good") as session:
        context.progress(session, 1, 1, told)


def tidy(context: JobContext) -> None:
    with context.database.system_session("forget callbacks") as session:
        reports.forget(session)
