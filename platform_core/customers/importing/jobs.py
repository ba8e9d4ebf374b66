"""The background work of imports, as the platform runs it."""

from __future__ import annotations

from platform_core.contracts.events import Job
from platform_core.customers.importing import running, tidying

_HOUR = 3600
JOBS = [
    Job("customers.import_check", running.check),
    Job("customers.import_commit", running.commit),
    Job("customers.import_revert", running.revert),
    Job("customers.import_tidy", tidying.tidy, every_seconds=_HOUR),
]
