"""Typed calls of ask hooks: plugin by plugin, isolated, timed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.contracts.pages import Action, Fact, Panel, TimelineEntry, TimelineQuery, WorkSection
from platform_core.contracts.reports import Widget
from platform_core.plugins.manager import PluginManager
from platform_core.plugins.registry import Owned

_log = logging.getLogger(__name__)
T = TypeVar("T")
_muted: ContextVar[frozenset[str]] = ContextVar("muted", default=frozenset())


class PoisonedTransactionError(Exception):
    """A hook broke the request's transaction; the request is run again without that plugin's hooks."""

    def __init__(self, owner: str) -> None:
        super().__init__(owner)
        self.owner = owner


class mute:  # noqa: N801  reads as a statement: `with mute(owners):`
    """Leave these plugins' ask hooks out within a block."""

    def __init__(self, owners: frozenset[str]) -> None:
        self._owners = owners

    def __enter__(self) -> None:
        self._token = _muted.set(self._owners)

    def __exit__(self, *exc: object) -> None:
        _muted.reset(self._token)


@dataclass(slots=True)
class Timing:
    """What a plugin's implementation of one hook has cost in this process."""

    calls: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    over_budget: int = 0
    faults: int = 0


class Hooks:
    """One method per ask hook, so that calls are checked by the type checker."""

    def __init__(self, manager: PluginManager) -> None:
        self._manager = manager
        self.timings: dict[tuple[str, str], Timing] = {}

    @property
    def manager(self) -> PluginManager:
        return self._manager

    def erase_blockers(self, session: Session, actor: Actor, customer: Any) -> list[Owned[str]]:
        """Not isolated: a check that fails must refuse, since what is erased does not come back."""
        return self._must("baton_erase_blockers", session=session, actor=actor, customer=customer)

    def customer_facts(self, session: Session, actor: Actor, customer: Any) -> list[Owned[Fact]]:
        return self._ask("baton_customer_facts", Fact, session=session, actor=actor, customer=customer)

    def customer_panels(self, session: Session, actor: Actor, customer: Any) -> list[Owned[Panel]]:
        return self._ask("baton_customer_panels", Panel, session=session, actor=actor, customer=customer)

    def customer_actions(self, session: Session, actor: Actor, customer: Any) -> list[Owned[Action]]:
        found = self._ask("baton_customer_actions", Action, session=session, actor=actor, customer=customer)
        return [item for item in found if actor.can(item.value.permission)]

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

    def authenticate(self, session: Session, request: Any) -> Actor | None:
        actor: Actor | None = self._first("baton_authenticate", session=session, request=request)
        return actor

    def load_actor(self, session: Session, user_id: UUID) -> Actor | None:
        actor: Actor | None = self._first("baton_load_actor", session=session, user_id=user_id)
        return actor

    def tell(self, hook: str, owner: str | None = None) -> None:
        """Call a lifecycle hook on one plugin, or on all."""
        for implementation in self._implementations(hook):
            if owner in (None, implementation.plugin_name):
                self._run(implementation, {})

    def health(self) -> dict[str, str]:
        """Plugin name -> why it is not well; healthy ones are absent."""
        reasons: dict[str, str] = {}
        for implementation in self._implementations("baton_health"):
            answer = self._run(implementation, {})
            if answer:
                reasons[implementation.plugin_name] = str(answer)
        return reasons

    def _implementations(self, hook: str) -> list[Any]:
        muted = _muted.get()
        enabled = self._manager.enabled
        found = getattr(self._manager.pm.hook, hook).get_hookimpls()
        return [item for item in found if item.plugin_name in enabled and item.plugin_name not in muted]

    def _ask(self, hook: str, expected: type[Any], **arguments: Any) -> list[Owned[Any]]:
        collected: list[Owned[Any]] = []
        for implementation in self._implementations(hook):
            values = self._run(implementation, arguments) or ()
            for value in values:
                if isinstance(value, expected):
                    collected.append(Owned(implementation.plugin_name, value))
                else:
                    self.fault(implementation.plugin_name, f"{hook} returned {type(value).__name__}")
        return collected

    def _must(self, hook: str, **arguments: Any) -> list[Owned[Any]]:
        return [
            Owned(implementation.plugin_name, value)
            for implementation in self._implementations(hook)
            for value in (self._call(implementation, arguments) or ())
        ]

    def _first(self, hook: str, **arguments: Any) -> Any:
        for implementation in self._implementations(hook):
            answer = self._call(implementation, arguments)
            if answer is not None:
                return answer
        return None

    @staticmethod
    def _call(implementation: Any, arguments: dict[str, Any]) -> Any:
        return implementation.function(*(arguments[name] for name in implementation.argnames))

    def _run(self, implementation: Any, arguments: dict[str, Any]) -> Any:
        call = partial(self._call, implementation, arguments)
        return self.guarded(implementation.plugin_name, implementation.function.__name__, call)

    def active(self) -> frozenset[str]:
        """Owners that are switched on and have not just broken this request's transaction."""
        return self._manager.enabled - _muted.get()

    def guarded(self, owner: str, hook: str, call: Callable[[], T]) -> T | None:
        """Run a piece of an owner's code as its hooks are run: isolated (None on a fault), timed, faults on record."""
        timing = self.timings.setdefault((owner, hook), Timing())
        started = time.perf_counter()
        try:
            return call()
        except SQLAlchemyError as error:
            timing.faults += 1
            self.fault(owner, f"{hook}: {type(error).__name__}")
            raise PoisonedTransactionError(owner) from error
        except Exception as error:
            timing.faults += 1
            self.fault(owner, f"{hook}: {type(error).__name__}: {error}")
            return None
        finally:
            took = time.perf_counter() - started
            timing.calls += 1
            timing.seconds += took
            timing.slowest = max(timing.slowest, took)
            if took * 1000 > self._manager.settings.hook_budget_ms:
                timing.over_budget += 1
                _log.warning("%s of %s took %.0f ms; make it lazy", hook, owner, took * 1000)

    def fault(self, owner: str, reason: str) -> None:
        """Put a fault of an owner's code on record, from within its `except`."""
        _log.error("plugin %s: %s", owner, reason, exc_info=True)
        faults = self._manager.plugins[owner].faults
        faults.append(reason)
        del faults[:-20]
