"""Everything of the package that has an address, and its background work."""

from __future__ import annotations

from platform_core.contracts.events import Job
from platform_core.contracts.plugin import Routes
from platform_core.customers import (
    api,
    contact_api,
    contact_routes,
    ending_api,
    ending_routes,
    file_routes,
    list_routes,
    routes,
    team_routes,
    unmerging,
)
from platform_core.customers.importing import jobs as import_jobs
from platform_core.customers.importing import routes as import_routes
from platform_core.customers.leaving import api as leaving_api
from platform_core.customers.leaving import routes as leaving_routes
from platform_core.customers.transfer import api as transfer_api
from platform_core.customers.transfer import jobs as transfer_jobs
from platform_core.customers.transfer import routes as transfer_routes

_RECORD = [
    *routes.HANDLERS, *ending_routes.HANDLERS, *contact_routes.HANDLERS, *file_routes.HANDLERS, *team_routes.HANDLERS,
]  # fmt: skip
_MANY = [*list_routes.HANDLERS, *import_routes.HANDLERS, *transfer_routes.HANDLERS, *leaving_routes.HANDLERS]
PAGES = [Routes("/", [*_RECORD, *_MANY])]
API = [
    Routes("/customers", [*api.HANDLERS, *ending_api.HANDLERS, *list_routes.API_HANDLERS, *team_routes.API_HANDLERS]),
    Routes("/contacts", contact_api.HANDLERS),
    Routes("/transfers", transfer_api.HANDLERS),
    Routes("/users", leaving_api.HANDLERS),
]
JOBS = [*import_jobs.JOBS, *transfer_jobs.JOBS, Job("customers.gather", unmerging.gather, every_seconds=600)]
