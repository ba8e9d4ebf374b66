"""Routes of the customer list, the search and the palette; mounted with the routes of the customers' package."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.params import Parameter
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import palette, searching
from platform_core.customers import tags as tag_names
from platform_core.customers.contact_listing import CONTACTS
from platform_core.customers.custom import values as own
from platform_core.customers.listing import CUSTOMERS
from platform_core.users import labels
from platform_core.users.lists import list_handlers, read_for_api
from platform_core.web.apis import Items
from platform_core.web.endpoint import SIGNED_IN
from platform_core.web.forms import FormData
from platform_core.web.lists import state
from platform_core.web.pages import page
from platform_core.web.requests import wants_fragment
from platform_core.web.routing import get, post

_IN_PALETTE = 8
_ON_PAGE = 30
_MOST_FOUND = 100


class CustomerLine(msgspec.Struct, kw_only=True):
    """A customer as lists show it: `phone` is a mask, codes are those of the dictionaries."""

    id: UUID
    code: str
    name: str
    status: str
    owner_id: UUID | None
    owner: str
    department_id: UUID | None
    department: str
    contact: str
    phone: str
    updated_at: datetime


class ListedCustomer(CustomerLine, kw_only=True):
    grade: str
    city: str
    industry: str
    source: str
    tags: list[str]
    next_plan_at: datetime | None
    last_contact_at: datetime | None
    created_at: datetime
    custom: dict[str, Any]
    """Own fields that are filled in, as a single customer says them."""


class SearchInput(msgspec.Struct, kw_only=True):
    """`q`: names, pinyin, initials, codes, a phone number or its last eight or four digits, a mail address."""

    q: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    limit: Annotated[int, msgspec.Meta(ge=1, le=_MOST_FOUND)] = 20
    similar: bool = False
    """Where nobody is found: customers with similar names."""


class FoundCustomer(CustomerLine, kw_only=True):
    similar: bool = False
    """Its name is only like the words."""


@get("/search", permission=SIGNED_IN, name="customers:search_page")
def search_page(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    return _results(request, session, actor, "")


@post("/search", permission=SIGNED_IN, name="customers:search", opt={"unkept": True})
def search(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    return _results(request, session, actor, form.get("q"))


def _results(request: Request[Any, Any, Any], session: Session, actor: Actor, words: str) -> Response[str]:
    limit = _IN_PALETTE if wants_fragment(request) else _ON_PAGE
    found = palette.groups(request, session, actor, words, limit)
    return page(
        request, "customers/search.html", partial="customers/_found.html", groups=found, words=words, nothing=not found
    )


@get("/", permission="customers.view", name="customers:api_list")
def api_list(  # noqa: PLR0913, PLR0917  the words of the query string
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    f: Annotated[
        list[str] | None, Parameter(description="Conditions: field:operator:value,value; / begins a group")
    ] = None,
    any: Annotated[str, Parameter(description="1: one condition is enough")] = "",  # noqa: A002
    view: Annotated[
        str, Parameter(description="A preset (all, mine, today, never, quiet), or the id of a saved view")
    ] = "",
    sort: Annotated[str, Parameter(description="updated, name or next_plan; with - for descending")] = "",
    cursor: str = "",
    limit: Annotated[int, Parameter(ge=1, le=200)] = 50,
) -> Items[ListedCustomer]:
    """Words belong into POST /customers/search: they may be phone numbers, which have no place in a URL."""
    asked = state.read(session, actor, CUSTOMERS, request.query_params).unsearched().turned_to(after=cursor)
    found = read_for_api(session, actor, asked, limit)
    names = labels.of_rows(session, found.rows)
    tags = tag_names.of_many(session, [row.id for row in found.rows])
    items = [
        ListedCustomer(
            **_line(row, names),
            grade=row.grade,
            city=row.city,
            industry=row.industry,
            source=row.source,
            tags=tags.get(row.id, []),
            next_plan_at=row.next_plan_at,
            last_contact_at=row.last_contact_at,
            created_at=row.created_at,
            custom=own.told(session, getattr(row, "custom", None) or {}),
        )
        for row in found.rows
    ]
    return Items(items, found.after or None)


@post("/search", permission="customers.view", name="customers:api_search", opt={"unkept": True})
def api_search(session: Session, actor: Actor, data: SearchInput) -> Items[FoundCustomer]:
    """The best matches first; there are no further pages, use more words."""
    found = searching.find(session, actor, data.q, data.limit)
    nobody = data.similar and not found.rows and not found.many
    if nobody:
        found = searching.near(session, actor, data.q, data.limit)
    names = labels.of_rows(session, found.rows)
    return Items([FoundCustomer(**_line(row, names), similar=nobody) for row in found.rows])


def _line(row: Any, names: labels.Labels) -> dict[str, Any]:
    return {
        "id": row.id,
        "code": row.code,
        "name": row.name,
        "status": row.status,
        "owner_id": row.owner_id,
        "owner": names.person(row.owner_id),
        "department_id": row.department_id,
        "department": names.department(row.department_id),
        "contact": row.contact_name,
        "phone": row.phone_mask,
        "updated_at": row.updated_at,
    }


HANDLERS: list[Any] = [*list_handlers(CUSTOMERS), *list_handlers(CONTACTS), search_page, search]
API_HANDLERS: list[Any] = [api_list, api_search]
"""Below /api/v1/customers"""
