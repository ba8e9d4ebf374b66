"""What imports add to the customers package."""

from __future__ import annotations

from platform_core.contracts.entities import Entity
from platform_core.contracts.events import Job
from platform_core.customers.importing import running, tidying
from platform_core.customers.importing.models import ImportBatch, ImportMapping, ImportRow
from platform_core.customers.importing.policies import BatchPolicy, OwnPolicy
from platform_core.customers.importing.routes import HANDLERS

__all__ = ["ENTITIES", "HANDLERS", "JOBS"]

_HOUR = 3600
ENTITIES = [
    Entity(ImportBatch, BatchPolicy(ImportBatch)),
    Entity(ImportRow, OwnPolicy(ImportRow)),
    Entity(ImportMapping, OwnPolicy(ImportMapping)),
]
JOBS = [
    Job("customers.import_check", running.check),
    Job("customers.import_commit", running.commit),
    Job("customers.import_revert", running.revert),
    Job("customers.import_tidy", tidying.tidy, every_seconds=_HOUR),
]
