"""Everything of the package that has an address, and its background work."""

from __future__ import annotations

from platform_core.contracts.events import Job
from platform_core.contracts.plugin import Routes
from platform_core.customers import (
    api,
    code_routes,
    contact_api,
    contact_ending,
    contact_pages,
    contact_routes,
    ending_api,
    ending_routes,
    file_routes,
    list_routes,
    routes,
    team_routes,
    unmerging,
)
from platform_core.customers.bin import contacts as contact_bin
from platform_core.customers.bin import purging
from platform_core.customers.bin import routes as bin_routes
from platform_core.customers.bulk import api as bulk_api
from platform_core.customers.bulk import jobs as bulk_jobs
from platform_core.customers.bulk import routes as bulk_routes
from platform_core.customers.custom import api as field_api
from platform_core.customers.custom import indexes, pages, revealing
from platform_core.customers.deduplication import api as deduplication_api
from platform_core.customers.deduplication import routes as deduplication_routes
from platform_core.customers.deduplication import scanning
from platform_core.customers.groups import api as group_api
from platform_core.customers.groups import routes as group_routes
from platform_core.customers.importing import jobs as import_jobs
from platform_core.customers.importing import routes as import_routes
from platform_core.customers.leaving import api as leaving_api
from platform_core.customers.leaving import routes as leaving_routes
from platform_core.customers.pool import api as pool_api
from platform_core.customers.pool import recycling
from platform_core.customers.pool import routes as pool_routes
from platform_core.customers.pool import rule_routes as pool_rule_routes
from platform_core.customers.relations import routes as relation_routes
from platform_core.customers.sharing import routes as share_routes
from platform_core.customers.transfer import api as transfer_api
from platform_core.customers.transfer import jobs as transfer_jobs
from platform_core.customers.transfer import routes as transfer_routes

_RECORD = [
    *routes.HANDLERS, *ending_routes.HANDLERS, *contact_routes.HANDLERS, *contact_pages.HANDLERS,
    *contact_ending.HANDLERS, *file_routes.HANDLERS, *team_routes.HANDLERS, *revealing.HANDLERS, *pages.HANDLERS,
    *code_routes.HANDLERS,
]  # fmt: skip
_MANY = [
    *list_routes.HANDLERS, *import_routes.HANDLERS, *transfer_routes.HANDLERS, *leaving_routes.HANDLERS,
    *deduplication_routes.HANDLERS, *bulk_routes.HANDLERS, *group_routes.HANDLERS,
    *pool_routes.HANDLERS, *pool_rule_routes.HANDLERS, *relation_routes.HANDLERS, *share_routes.HANDLERS,
    *bin_routes.HANDLERS, *contact_bin.HANDLERS,
]  # fmt: skip
PAGES = [Routes("/", [*_RECORD, *_MANY])]
_RECORD_API = [*api.HANDLERS, *ending_api.HANDLERS, *deduplication_api.HANDLERS, *revealing.API_HANDLERS]
_RECORD_API += [*relation_routes.API_HANDLERS, *share_routes.API_HANDLERS]
API = [
    Routes(
        "/customers", [*_RECORD_API, *list_routes.API_HANDLERS, *team_routes.API_HANDLERS, *pool_api.RECORD_HANDLERS]
    ),
    Routes("/pool", [*pool_api.HANDLERS, *pool_rule_routes.API_HANDLERS]),
    Routes("/customer-fields", field_api.HANDLERS),
    Routes("/customer-codes", code_routes.API_HANDLERS),
    Routes("/contacts", [*contact_api.HANDLERS, *contact_ending.API_HANDLERS]),
    Routes("/transfers", transfer_api.HANDLERS),
    Routes("/changes", bulk_api.HANDLERS),
    Routes("/groups", group_api.HANDLERS),
    Routes("/users", leaving_api.HANDLERS),
]
JOBS = [
    *import_jobs.JOBS, *transfer_jobs.JOBS, *scanning.JOBS, *bulk_jobs.JOBS, *recycling.JOBS, *purging.JOBS,
    Job("customers.gather", unmerging.gather, every_seconds=600), Job(indexes.JOB, indexes.settle, every_seconds=3600),
]  # fmt: skip
