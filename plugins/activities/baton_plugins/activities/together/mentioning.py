"""A colleague who is named with an @ in a follow-up is asked to help: a part of a task that waits for their answer."""

from __future__ import annotations

import re
from uuid import UUID

from baton_plugins.activities import dates, plans
from baton_plugins.activities.models import FollowUp
from baton_plugins.activities.together import assisting
from baton_plugins.activities.together.assisting import AssistInput

from platform_core.api import Actor, Invalid, Session, index_tokens, new_id, person_choices, translator

_ = translator("activities")
CAUSE = "mention"
MOST = 10
_AT = re.compile(r"(?<![\w.+-])@", re.ASCII)
"""Not the one of a mail address; a Chinese character may stand right before it."""
_EXCERPT = 120
_SUGGESTED = 8


def suggested(session: Session, actor: Actor, piece: str) -> list[str]:
    """Names of colleagues that a piece may become, by its characters, pinyin or initials; those it begins first."""
    wanted = piece.casefold()
    own = str(actor.user_id)
    names = dict.fromkeys(name for key, name in person_choices(session) if key != own and name)
    begun = [name for name in names if name.casefold().startswith(wanted)]
    other = [name for name in names if wanted in name.casefold() or _sounds(name, wanted)] if wanted else []
    return list(dict.fromkeys([*begun, *other]))[:_SUGGESTED]


def _sounds(name: str, wanted: str) -> bool:
    return any(token.startswith(wanted) for token in index_tokens(name))


def called(session: Session, actor: Actor, body: str) -> list[UUID]:
    """Whose names follow an @, each once; the longest name counts where one begins with another.

    Raises Invalid at the text for a name that several colleagues bear, or for too many of them.
    """
    marks = [match.end() for match in _AT.finditer(body)]
    if not marks:
        return []
    bearers: dict[str, list[UUID]] = {}
    for key, name in person_choices(session):
        bearers.setdefault(name, []).append(UUID(key))
    longest_first = sorted(bearers, key=len, reverse=True)
    found: dict[UUID, None] = {}
    for start in marks:
        name = next((name for name in longest_first if name and body.startswith(name, start)), "")
        people = bearers.get(name, [])
        if len(people) > 1:
            raise _refused(_("Several colleagues are called %(name)s. Give the task by its own form.", name=name))
        found |= dict.fromkeys(people)
    found.pop(actor.user_id, None)
    if len(found) > MOST:
        raise _refused(_("At most %(limit)s people.", limit=MOST))
    return list(found)


def ask(session: Session, actor: Actor, follow_up: FollowUp, due: dates.Due | None) -> None:
    """Ask everybody who is called, by the next plan's date or the next working day. Raises Invalid at the text."""
    people = called(session, actor, follow_up.body)
    if not people:
        return
    task_id = new_id()
    by = due or dates.on(dates.working_days_after(session, 1))
    for user_id in people:
        plan = plans.add(
            session,
            actor,
            customer_id=follow_up.customer_id,
            engagement_id=follow_up.engagement_id,
            contact_id=follow_up.contact_id,
            contact_label=follow_up.contact_label,
            kind=follow_up.kind,
            subject=_("Help wanted: %(text)s", text=_excerpt(follow_up.body)),
            due=by,
            cause=CAUSE,
            remind=[],
            state="asked",
            task_id=task_id,
        )
        try:
            assisting.ask_about(session, actor, plan, AssistInput(user_id=user_id))
        except Invalid as error:
            raise _refused(error.fields.get("user_id", error.message)) from error


def _excerpt(body: str) -> str:
    text = " ".join(body.split())
    return text if len(text) <= _EXCERPT else f"{text[: _EXCERPT - 1].rstrip()}…"


def _refused(message: str) -> Invalid:
    return Invalid(message, fields={"body": message})
