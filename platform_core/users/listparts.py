"""What a list answers besides its pages: how many rows there are of each class, and a record's neighbours."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.users import probing
from platform_core.web.lists import conditions, state
from platform_core.web.lists.conditions import Condition
from platform_core.web.lists.declaration import ListView
from platform_core.web.lists.reading import TALLY_CAP, Reader
from platform_core.web.pages import fragment, page

_ = translator("users")


def counts(request: Request[Any, Any, Any], session: Session, actor: Actor, view: ListView) -> Response[str]:
    """The rows that the list shows, counted by the values of one field. `by`: which; none is the first."""
    asked = state.read(session, actor, view, request.query_params).turned_to()
    probing.check(session, actor, asked.words)
    by = request.query_params.get("by", "") or view.counted[0]
    declared = view.filter(by) if by in view.counted else None
    if declared is None:
        raise NotFound(_("This list is not counted by that."))
    found, more = Reader(session, actor, asked).tally(declared.expression)
    labels = dict(conditions.choices(session, actor, declared))
    lines = []
    for value, number in found:
        met = Condition(by, "is", (value,)) if value else Condition(by, "empty")
        label = conditions.describe(session, actor, declared, met)[1] if value and value not in labels else ""
        lines.append((labels.get(value) or label or _("not filled in"), number, asked.narrowed(met).url()))
    audit.record(session, actor, f"{view.prefix}.counts", after={"view": by, "conditions": list(asked.texts)})
    return page(
        request, "web/lists/counts.html", partial="web/lists/_counts.html", active=view.key, view=view, by=declared,
        lines=lines, more=more, cap=TALLY_CAP, state_query=asked.carried,
        total=sum(number for _value, number in found), fields=[view.by_key["filters"][key] for key in view.counted],
    )  # fmt: skip


def nearby(
    request: Request[Any, Any, Any], session: Session, actor: Actor, view: ListView, row_id: UUID
) -> Response[str]:
    """Links to the record before and after this one in the list; they name nobody, opening one counts as ever."""
    asked = state.read(session, actor, view, request.query_params).turned_to()
    probing.check(session, actor, asked.words)
    before, after = Reader(session, actor, asked).around(row_id)
    tab = request.query_params.get("at", "")
    suffix = f"?tab={tab}" if tab.replace(".", "").replace("_", "").isalnum() else ""
    urls = [view.record.replace("{id}", str(key)) + suffix if key else "" for key in (before, after)]
    return fragment(request, "web/lists/_nearby.html", previous=urls[0], following=urls[1], list_url=asked.url())
