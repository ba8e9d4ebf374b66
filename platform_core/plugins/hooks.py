"""Typed calls of ask hooks: plugin by plugin, isolated, timed, stopped when they do not end."""

from __future__ import annotations

import contextvars
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from pluggy import HookImpl
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.contracts.pages import Action, Fact, Panel, TimelineEntry, TimelineQuery, WorkSection
from platform_core.contracts.reports import Widget
from platform_core.plugins.faults import StoppedError
from platform_core.plugins.manager import PluginManager
from platform_core.plugins.registry import Owned
from platform_core.plugins.watch import RestingError, Timing, Watch

_log = logging.getLogger(__name__)
T = TypeVar("T")
_LIFECYCLE_SECONDS = 10.0
_PREPARING_SECONDS = 2.0
"""Of one plugin for one role. Nobody waits for a page meanwhile."""
_FAILED = "failed hooks"
_muted: ContextVar[frozenset[str]] = ContextVar("muted", default=frozenset())


class PoisonedTransactionError(Exception):
    """A hook broke the request's transaction; the request is run again without that plugin's hooks."""

    def __init__(self, owner: str) -> None:
        super().__init__(owner)
        self.owner = owner


__all__ = ["Hooks", "PoisonedTransactionError", "Timing", "mute"]


class mute:  # noqa: N801  reads as a statement: `with mute(owners):`
    """Leave these plugins' ask hooks out within a block."""

    def __init__(self, owners: frozenset[str]) -> None:
        self._owners = owners

    def __enter__(self) -> None:
        self._token = _muted.set(self._owners)

    def __exit__(self, *exc: object) -> None:
        _muted.reset(self._token)


@dataclass(frozen=True, slots=True)
class _Piece:
    """One owner's implementation of a hook, with all that is the same at every call."""

    owner: str
    function: Callable[..., Any]
    names: tuple[str, ...]
    """The arguments it takes."""
    timing: Timing
    builtin: bool
    entry: tuple[str, ...]
    """Rights of which one is needed to hear anything of this owner; see PluginManager.entry."""

    def is_for(self, actor: Actor) -> bool:
        return not self.entry or any(actor.may_enter(right) for right in self.entry)

    def call(self, arguments: dict[str, Any]) -> Any:
        return self.function(*[arguments[name] for name in self.names])

    def listed(self, arguments: dict[str, Any]) -> Any:
        """A generator does its work only when it is read: that is to happen under watch too."""
        answer = self.function(*[arguments[name] for name in self.names])
        return answer if answer is None else list(answer)


def _leave_out(session: Session | None, owner: str, hook: str) -> None:
    if session is not None:
        session.info.setdefault(_FAILED, {}).setdefault(hook, set()).add(owner)


class Hooks:
    """One method per ask hook, so that calls are checked by the type checker."""

    def __init__(self, manager: PluginManager) -> None:
        settings = manager.settings
        self._manager = manager
        self.watch = Watch(settings.hook_budget_ms / 1000, settings.hook_limit_ms / 1000, settings.web_threads // 4)
        self.timings = self.watch.timings
        self._plan: tuple[frozenset[str], dict[str, list[_Piece]]] = (frozenset(), {})
        """The pieces of each hook that was called since these owners became the enabled ones; see _pieces."""

    @property
    def manager(self) -> PluginManager:
        return self._manager

    def erase_blockers(self, session: Session, ids: Sequence[UUID]) -> dict[UUID, list[str]]:
        """Not isolated: a check that fails must refuse, since what is erased does not come back."""
        found: dict[UUID, list[str]] = {}
        for item in self._must("baton_erase_blockers", session=session, ids=ids) if ids else ():
            key, reason = item.value
            found.setdefault(key, []).append(reason)
        return found

    def kept_from_pool(self, session: Session, ids: Sequence[UUID]) -> list[UUID]:
        """Not isolated: who cannot say must not lose anybody a customer."""
        return [item.value for item in self._must("baton_kept_from_pool", session=session, ids=ids)] if ids else []

    def customer_facts(self, session: Session, actor: Actor, customer: Any) -> list[Owned[Fact]]:
        return self._ask("baton_customer_facts", Fact, session=session, actor=actor, customer=customer)

    def customer_panels(self, session: Session, actor: Actor, customer: Any) -> list[Owned[Panel]]:
        return self._ask("baton_customer_panels", Panel, session=session, actor=actor, customer=customer)

    def customer_actions(self, session: Session, actor: Actor, customer: Any) -> list[Owned[Action]]:
        found = self._ask("baton_customer_actions", Action, session=session, actor=actor, customer=customer)
        return [item for item in found if actor.may_enter(item.value.permission)]

    def contact_actions(self, session: Session, actor: Actor, contact: Any) -> list[Owned[Action]]:
        found = self._ask("baton_contact_actions", Action, session=session, actor=actor, contact=contact)
        return [item for item in found if actor.may_enter(item.value.permission)]

    def customer_timeline(self, session: Session, actor: Actor, query: TimelineQuery) -> list[Owned[TimelineEntry]]:
        return self._ask("baton_customer_timeline", TimelineEntry, session=session, actor=actor, query=query)

    def workbench(self, session: Session, actor: Actor) -> list[Owned[WorkSection]]:
        return self._ask("baton_workbench", WorkSection, session=session, actor=actor)

    def dashboard_widgets(self, session: Session, actor: Actor) -> list[Owned[Widget]]:
        return self._ask("baton_dashboard_widgets", Widget, session=session, actor=actor)

    def engagement_summary(self, session: Session, actor: Actor, engagement_id: UUID) -> list[Owned[Fact]]:
        return self._ask("baton_engagement_summary", Fact, session=session, actor=actor, engagement_id=engagement_id)

    def handover_blockers(self, session: Session, actor: Actor, engagement: Any, leg: Any) -> list[Owned[str]]:
        """Not isolated: a check that fails must refuse the hand-over, not wave it through."""
        return self._must("baton_handover_blockers", session=session, actor=actor, engagement=engagement, leg=leg)

    def leg_taken(self, session: Session, actor: Actor, engagement: Any, leg: Any) -> None:
        """Not isolated: what a plugin does here belongs to the take-over."""
        self._must("baton_leg_taken", session=session, actor=actor, engagement=engagement, leg=leg)

    def prepare(self, session: Session, actor: Actor) -> list[str]:
        """Names of templates."""
        arguments = {"session": session, "actor": actor}
        found: list[str] = []
        for piece in self._pieces("baton_prepare"):
            if piece.is_for(actor):
                found += (
                    self._isolated(piece.timing, "hook", session, _PREPARING_SECONDS, piece.listed, arguments) or ()
                )
        return found

    def authenticate(self, session: Session, request: Any) -> Actor | None:
        actor: Actor | None = self._first("baton_authenticate", session=session, request=request)
        return actor

    def load_actor(self, session: Session, user_id: UUID) -> Actor | None:
        actor: Actor | None = self._first("baton_load_actor", session=session, user_id=user_id)
        return actor

    def tell(self, hook: str, owner: str | None = None) -> None:
        """Call a lifecycle hook on one plugin, or on all. Nobody waits for ever for a plugin's own."""
        for piece in self._pieces(hook):
            if owner not in (None, piece.owner):
                continue
            if piece.builtin or self._manager.settings.strict_plugins:
                self._run(piece, {})
                continue
            context = contextvars.copy_context()
            thread = threading.Thread(target=context.run, args=(self._run, piece, {}), daemon=True, name=hook)
            thread.start()
            thread.join(_LIFECYCLE_SECONDS)
            if thread.is_alive():
                self.fault(piece.owner, "hook", hook, "does not come back; going on without it")

    def seed(self, session: Session) -> None:
        """Each owner's first rows; those of one that fails are taken back, and the others' are not.

        Also of plugins that are switched off: their tables are there.
        """
        for implementation in self._manager.pm.hook.baton_seed.get_hookimpls():
            piece = self._piece(implementation)
            try:
                with session.begin_nested():
                    piece.call({"session": session})
            except Exception as error:
                if piece.builtin:
                    raise
                self.fault(piece.owner, "hook", "baton_seed", error)

    def health(self) -> dict[str, str]:
        """Plugin name -> why it is not well; healthy ones are absent."""
        reasons: dict[str, str] = {}
        for piece in self._pieces("baton_health"):
            answer = self._run(piece, {})
            if answer:
                reasons[piece.owner] = str(answer)
        return reasons

    def _pieces(self, hook: str) -> list[_Piece]:
        """The implementations of whoever is on, in load order. Put together once for each set of enabled owners."""
        enabled = self._manager.enabled
        plan = self._plan
        if plan[0] is not enabled:  # it is replaced as a whole, also when a plugin is set aside
            self._plan = plan = (enabled, {})
        found = plan[1].get(hook)
        if found is None:
            there = getattr(self._manager.pm.hook, hook).get_hookimpls()
            found = plan[1][hook] = [self._piece(item) for item in there if item.plugin_name in enabled]
        muted = _muted.get()
        return [piece for piece in found if piece.owner not in muted] if muted else found

    def _piece(self, item: HookImpl) -> _Piece:
        owner = item.plugin_name
        timing = self.watch.timing(owner, item.function.__name__)
        builtin = self._manager.plugins[owner].builtin
        return _Piece(owner, item.function, item.argnames, timing, builtin, self._manager.entry(owner))

    def _ask(self, hook: str, expected: type[Any], **arguments: Any) -> list[Owned[Any]]:
        collected: list[Owned[Any]] = []
        session, actor = arguments["session"], arguments["actor"]
        for piece in self._pieces(hook):
            if not piece.is_for(actor):
                continue
            for value in self._isolated(piece.timing, "hook", session, None, piece.listed, arguments) or ():
                if isinstance(value, expected):
                    collected.append(Owned(piece.owner, value))
                else:
                    told = f"returned {type(value).__name__} instead of {expected.__name__}"
                    _leave_out(session, piece.owner, hook)
                    self.fault(piece.owner, "hook", hook, told)
        return collected

    def _must(self, hook: str, **arguments: Any) -> list[Owned[Any]]:
        found: list[Owned[Any]] = []
        for piece in self._pieces(hook):
            try:
                values = self.watch.call(
                    piece.timing, piece.listed, arguments, session=arguments.get("session"), must=True
                )
            except StoppedError as error:
                self.fault(piece.owner, "hook", hook, error)
                raise TimeoutError(f"{hook} of {piece.owner} does not come back") from error
            found += [Owned(piece.owner, value) for value in values or ()]
        return found

    def _first(self, hook: str, **arguments: Any) -> Any:
        """The core's own may raise; a plugin that does passes to the next one."""
        for piece in self._pieces(hook):
            answer = piece.call(arguments) if piece.builtin else self._run(piece, arguments)
            if isinstance(answer, Actor):
                return answer
            if answer is not None:
                self.fault(piece.owner, "hook", hook, f"returned {type(answer).__name__} instead of Actor")
        return None

    def _run(
        self, piece: _Piece, arguments: dict[str, Any], call: Callable[[dict[str, Any]], Any] | None = None
    ) -> Any:
        return self._isolated(piece.timing, "hook", arguments.get("session"), None, call or piece.call, arguments)

    def left_out(self, session: Session, hooks: Iterable[str]) -> list[str]:
        """Names of the plugins that owe this session an answer to one of these hooks.

        They failed, they rest, or they broke the transaction of the request that is now run again.
        """
        failed: dict[str, set[str]] = session.info.get(_FAILED, {})
        found = {owner for hook in hooks for owner in failed.get(hook, ())}
        muted = _muted.get()
        if muted:
            for hook in hooks:
                asked = getattr(self._manager.pm.hook, hook).get_hookimpls()
                found |= {item.plugin_name for item in asked if item.plugin_name in muted}
        return sorted(found)

    def active(self) -> frozenset[str]:
        """Owners that are switched on and have not just broken this request's transaction."""
        return self._manager.enabled - _muted.get()

    def guarded(
        self,
        owner: str,
        name: str,
        call: Callable[[], T],
        session: Session | None = None,
        kind: str = "hook",
        *,
        limit: float | None = None,
    ) -> T | None:
        """Run a piece of an owner's code as its hooks are run: isolated (None on a fault), timed, faults on record.

        `limit` in seconds, where it may take longer than a hook.
        """
        return self._isolated(self.watch.timing(owner, name), kind, session, limit, call)

    def _isolated(
        self,
        timing: Timing,
        kind: str,
        session: Session | None,
        limit: float | None,
        function: Callable[..., T],
        *arguments: Any,
    ) -> T | None:
        try:
            return self.watch.call(timing, function, *arguments, session=session, limit=limit)
        except RestingError:
            _leave_out(session, timing.owner, timing.name)
            return None
        except (SQLAlchemyError, StoppedError) as error:
            self.fault(timing.owner, kind, timing.name, error)
            if isinstance(error, StoppedError) and session is None:
                return None
            raise PoisonedTransactionError(timing.owner) from error
        except Exception as error:
            _leave_out(session, timing.owner, timing.name)
            self.fault(timing.owner, kind, timing.name, error)
            return None

    def fault(self, owner: str, kind: str, name: str, error: BaseException | str) -> None:
        """Put a fault of an owner's code on record; `kind` as in faults.Fault. Raises PluginError in strict mode."""
        self._manager.fault(owner, kind, name, error)
