"""How far the trail is sealed, and old months that leave it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.audit import jobs, retention, sealing, services
from platform_core.contracts.identity import Actor
from platform_core.contracts.presence import PRESENCE
from platform_core.kernel.declared import service_of
from platform_core.kernel.errors import Conflict
from platform_core.kernel.i18n import translator
from platform_core.kernel.jobs import enqueue
from platform_core.web.forms import Bound, FormData, bind, initial
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_ = translator("audit")
RETAIN = "audit.retain"
_PATH = "/audit/retention"


class RetentionInput(msgspec.Struct):
    """`until` and `lines` are what the page showed; something else by now has to be looked at again."""

    months: Annotated[int, msgspec.Meta(ge=retention.LEAST, le=retention.MOST)]
    until: str = ""
    lines: int = 0
    sure: bool = False


@get(_PATH, permission=RETAIN, name="audit:retention")
def index(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    form = initial(RetentionInput, months=retention.USUAL)
    asked = request.query_params.get("months", "")
    if asked:
        form = bind(RetentionInput, {"months": asked})
    services.record(session, actor, "audit.retention", after={"months": form.get("months")})
    return _draw(request, session, form)


@post(_PATH, permission=RETAIN, name="audit:archive")
def archive(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """Begin to archive; the progress is the job's page. Needs a fresh proof of who is there: lines go for good."""
    asked = bind(RetentionInput, form)
    if not asked.ok:
        return _draw(request, session, asked, status=422)
    data = asked.require()
    found = retention.old(session, data.months)
    if not found or (found[-1].month, sum(month.lines for month in found)) != (data.until, data.lines):
        raise Conflict(_("This has changed since it was shown. Look at it again before you confirm."))
    if not data.sure:
        asked.errors["sure"] = _("Tick this to confirm.")
        return _draw(request, session, asked, status=422)
    arguments = {"months": data.months, "until": data.until, "lines": data.lines}
    unproved: Response[str] | None = service_of(session, PRESENCE).first(request, session, actor, _PATH)
    if unproved:
        return unproved
    job_id = enqueue(session, jobs.ARCHIVE, arguments, user_id=actor.user_id)
    services.record(session, actor, "audit.archive_start", after=arguments)
    return redirect(request, f"/jobs/{job_id}")


def _draw(
    request: Request[Any, Any, Any], session: Session, form: Bound[RetentionInput], *, status: int = 200
) -> Response[str]:
    months = form.value.months if form.value is not None else 0
    months = months or (retention.USUAL if not form.errors.get("months") else 0)
    return page(
        request, "audit/retention.html", status=status, active="audit", form=form, months=months,
        old=retention.old(session, months) if months else [], overview=retention.overview(session),
        last=sealing.latest(session), least=retention.LEAST, cut=retention.cut(months) if months else None,
    )  # fmt: skip


HANDLERS = [index, archive]
