"""Background work: everybody's for administrators, one's own for everybody."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.admin import keeping, services
from platform_core.contracts.identity import Actor
from platform_core.kernel import settingvalues
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.models import JobRow
from platform_core.users.models import User
from platform_core.web import cursors
from platform_core.web.endpoint import SIGNED_IN
from platform_core.web.forms import Bound, FormData, bind, initial
from platform_core.web.notices import Notice
from platform_core.web.pages import fragment, page, redirect
from platform_core.web.routing import get, post

_ = translator("admin")
_PAGE = 50
STATES = {
    "pending": (_.lazy("waiting"), ""),
    "running": (_.lazy("running"), "primary"),
    "done": (_.lazy("done"), "jade"),
    "failed": (_.lazy("failed"), "red"),
    "cancelled": (_.lazy("cancelled"), "amber"),
}


@get("/settings/jobs", permission="admin.jobs", name="admin:jobs")
def jobs(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    """Narrowed by `state`; `before` is the cursor of an older page."""
    return _jobs(request, session, initial(keeping.Kept, days=settingvalues.read(session, keeping.DAYS)))


def _jobs(request: Request[Any, Any, Any], session: Session, form: Bound[keeping.Kept]) -> Response[str]:
    state, before = request.query_params.get("state", ""), request.query_params.get("before", "")
    statement = (
        select(JobRow, User.name).outerjoin(User, User.id == JobRow.user_id).order_by(JobRow.id.desc()).limit(_PAGE + 1)
    )
    if state in STATES:
        statement = statement.where(JobRow.state == state)
    if before:
        statement = statement.where(JobRow.id < cursors.decode(before, 1)[0])
    rows = session.execute(statement).all()
    shown = rows[:_PAGE]
    older = cursors.encode([shown[-1][0].id]) if len(rows) > len(shown) else ""
    return page(
        request, "admin/jobs.html", active="jobs", status=422 if form.errors else 200, form=form,
        scheduled_days=keeping.SCHEDULED_DAYS, failed_days=keeping.FAILED_DAYS,
        jobs=[(row, name or "") for row, name in shown],
        states=STATES, state=state if state in STATES else "", older=older,
    )  # fmt: skip


@post("/settings/jobs/keep", permission="admin.jobs", name="admin:keep_jobs")
def keep(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """For how many days finished work is kept."""
    bound = bind(keeping.Kept, form)
    if not bound.ok:
        return _jobs(request, session, bound)
    keeping.change(session, actor, bound.require())
    return redirect(request, "/settings/jobs", Notice(_("Saved.")))


@post("/settings/jobs/{job_id:uuid}/retry", permission="admin.jobs", name="admin:retry_job")
def retry(request: Request[Any, Any, Any], session: Session, actor: Actor, job_id: UUID) -> Response[str]:
    services.retry_job(session, actor, job_id)
    return redirect(request, "/settings/jobs")


def _own(session: Session, actor: Actor, job_id: UUID) -> JobRow:
    row = session.get(JobRow, job_id)
    if row is None or not (row.user_id == actor.user_id or actor.can("admin.jobs")):
        raise NotFound(_("There is no such job."))
    return row


@get("/jobs/{job_id:uuid}", permission=SIGNED_IN, name="admin:job", opt={"personal": True})
def job(request: Request[Any, Any, Any], session: Session, actor: Actor, job_id: UUID) -> Response[str]:
    return page(request, "admin/job.html", job=_own(session, actor, job_id), states=STATES)


@get("/jobs/{job_id:uuid}/bar", permission=SIGNED_IN, name="admin:job_bar")
def bar(request: Request[Any, Any, Any], session: Session, actor: Actor, job_id: UUID) -> Response[str]:
    """The progress of a job: asks for itself again until the job has ended, then triggers `job-ended` on the page."""
    row = _own(session, actor, job_id)
    response = fragment(request, "admin/_job_bar.html", job=row, states=STATES)
    if row.state in {"done", "failed", "cancelled"}:
        response.headers["hx-trigger"] = "job-ended"
    return response


HANDLERS = [jobs, keep, retry, job, bar]
