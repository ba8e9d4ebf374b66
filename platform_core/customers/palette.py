"""What the palette finds for some words: customers, whatever other owners register, pages, commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from litestar import Request
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import SearchHit
from platform_core.contracts.identity import Actor
from platform_core.customers import contact_finding, searching
from platform_core.kernel import dictionaries
from platform_core.kernel.i18n import language, translator
from platform_core.kernel.searchtokens import MAX_QUERY, index_tokens
from platform_core.users import labels
from platform_core.web.lists.declaration import declared_lists
from platform_core.web.lists.private import masked
from platform_core.web.pages import PageContext
from platform_core.web.requests import platform_of

_ = translator("customers")
_PAGES = 6


@dataclass(frozen=True, slots=True)
class Group:
    """Hits of one kind. `note`: a sentence below them."""

    label: str
    hits: Sequence[SearchHit]
    note: str = ""


def customers(session: Session, actor: Actor, words: str, limit: int) -> Group:
    found = searching.find(session, actor, words, limit)
    if found.rows or found.many:
        note = _("There are more. Add a word, a code or the last four digits of a number.") if found.many else ""
        return Group(_("Customers"), _hits(session, found), note)
    alone = _alone(session, actor, words, limit)
    if alone.hits:
        return alone
    similar = searching.near(session, actor, words, limit)
    return Group(_("Customers with similar names"), _hits(session, similar), _("Nobody is called just so."))


def _alone(session: Session, actor: Actor, words: str, limit: int) -> Group:
    """Contacts without a customer; the others are found with their customers."""
    rows = contact_finding.find(session, words[:MAX_QUERY], limit)
    if not rows:
        return Group("", ())
    audit.record(session, actor, "customers.contacts", ids=[row.id for row in rows], after={"words": masked(words)})
    names = labels.of_rows(session, rows)
    hits = [
        SearchHit(
            row.name, " · ".join(filter(None, (row.title, names.person(row.owner_id)))), f"/contacts/{row.id}", "user"
        )
        for row in rows
    ]
    return Group(_("Contacts that stand alone"), hits)


def _hits(session: Session, found: searching.Hits) -> list[SearchHit]:
    names = labels.of_rows(session, found.rows)
    return [
        SearchHit(row.name, _detail(session, row, names), f"/customers/{row.id}", "building-skyscraper")
        for row in found.rows
    ]


def _detail(session: Session, row: Any, names: labels.Labels) -> str:
    status = dictionaries.label(session, "customers.status", row.status) if row.status else ""
    person = " ".join(filter(None, (row.contact_name, row.phone_mask)))
    return " · ".join(filter(None, (row.code, person, status, names.person(row.owner_id) or _("Pool"))))


def groups(request: Request[Any, Any, Any], session: Session, actor: Actor, words: str, limit: int) -> list[Group]:
    """Everything that meets the words, kinds without a hit left out. Without words: pages and commands."""
    words = words.strip()[:MAX_QUERY]
    found: list[Group] = []
    if words and actor.can("customers.view"):
        found.append(customers(session, actor, words, limit))
    if words:
        found.extend(_others(request, session, actor, words, limit))
    commands = _commands(request, actor, words)
    found.append(Group(_("Commands"), commands))
    offered = {hit.url for hit in commands}
    found.append(Group(_("Go to"), [hit for hit in _pages(request, actor, words) if hit.url not in offered][:_PAGES]))
    return [group for group in found if group.hits]


def _others(request: Request[Any, Any, Any], session: Session, actor: Actor, words: str, limit: int) -> list[Group]:
    platform = platform_of(request)
    found: list[Group] = []
    for owned in platform.manager.declared.search_sources.owned():
        source = owned.value
        if owned.owner in platform.hooks.active() and actor.can(source.permission):
            look = partial(source.find, session, actor, words, limit)
            hits = platform.hooks.guarded(owned.owner, f"search {source.key}", look, session)
            found.append(Group(str(source.label), hits or ()))
    return found


def _commands(request: Request[Any, Any, Any], actor: Actor, words: str) -> list[SearchHit]:
    offered = PageContext(platform_of(request), request, actor, "").quick_create
    return [SearchHit(label, key.upper(), url, icon) for label, url, icon, key in offered if _means(label, words)]


def _pages(request: Request[Any, Any, Any], actor: Actor, words: str) -> list[SearchHit]:
    """Lines of the navigation, then what stands beside the titles of lists, such as import."""
    places = PageContext(platform_of(request), request, actor, "").places
    found = {item.url: SearchHit(str(item.label), "", item.url, item.icon) for item in places}
    for view in declared_lists().values():
        for button in view.buttons if actor.may_enter(view.permission) else ():
            if button.url not in found and actor.may_enter(button.permission):
                found[button.url] = SearchHit(str(button.label), str(view.title), button.url, button.icon)
    return [hit for hit in found.values() if _means(hit.label, words) or _begins(hit, words)]


def _begins(hit: SearchHit, words: str) -> bool:
    """As one says it: what, and of which list."""
    said = f"{hit.label}{hit.detail}"
    return "".join(said.split()).casefold().startswith("".join(words.split()).casefold())


def _means(label: str, words: str) -> bool:
    """Part of the label, or the beginning of its pinyin or initials."""
    wanted = words.casefold()
    return wanted in label.casefold() or any(token.startswith(wanted) for token in _tokens(label, language()))


@lru_cache(maxsize=500)
def _tokens(label: str, code: str) -> frozenset[str]:
    return frozenset(index_tokens(label))
