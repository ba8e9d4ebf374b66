"""Putting the platform together: one `Runtime` per process, one Litestar application on top of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from litestar import Litestar, Request
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from sqlalchemy.orm import Session

from platform_core.audit import keeping
from platform_core.audit import services as audit
from platform_core.backups.making import Place
from platform_core.contracts.events import Event, Listener
from platform_core.contracts.identity import Actor
from platform_core.contracts.messaging import LANES
from platform_core.kernel import clock, counters, events, firstkey, i18n, scope, signals
from platform_core.kernel.broker import Ticker, WakeUps
from platform_core.kernel.database import Database
from platform_core.kernel.errors import BatonError
from platform_core.kernel.jobs import JobRunner, wake_through
from platform_core.kernel.scheduler import Scheduler
from platform_core.kernel.secrets import Vault
from platform_core.kernel.weak import refuse_weak
from platform_core.outbox import services as outbox
from platform_core.outbox.accounts import offered
from platform_core.outbox.dispatch import Dispatcher, Timing
from platform_core.permissions import preparing
from platform_core.plugins import asking, faults, migrations
from platform_core.plugins.declarations import listener_key
from platform_core.plugins.faults import StoppedError
from platform_core.plugins.hooks import Hooks
from platform_core.plugins.manager import VERSION_COUNTER, PluginManager
from platform_core.plugins.places import PluginError
from platform_core.plugins.watch import RestingError
from platform_core.settings import Settings
from platform_core.web import endpoint, errors, headers, mounting, routing, statics, themes
from platform_core.web.describing import describe_api
from platform_core.web.live import Hub
from platform_core.web.pages import url_for
from platform_core.web.requests import Platform
from platform_core.web.templates import Templates
from platform_core.web.themes import Theme, Themes

_log = logging.getLogger(__name__)
BUILTINS = tuple(
    f"platform_core.{name}.plugin"
    for name in (
        "web", "audit", "users", "permissions", "caps", "customers", "privacy", "relay", "outbox", "guard", "backups",
        "exports", "reports", "admin",
    )
)  # fmt: skip
_PACKAGE = Path(__file__).resolve().parent
_MAX_BODY = 60 * 1024 * 1024


class UnmigratedError(RuntimeError):
    """The database's tables are those of another version of this program."""


class Runtime:
    """Everything a web, worker or command-line process shares."""

    def __init__(self, settings: Settings) -> None:
        clock.configure(settings.timezone)
        refuse_weak(BATON_DATABASE_URL=settings.database_url, BATON_REDIS_URL=settings.redis_url)
        firstkey.ensure(settings.secret_file, settings.database_url)
        self.settings = settings
        self.vault = Vault.from_file(settings.secret_file)
        self.manager = PluginManager(settings, BUILTINS)
        i18n.load_catalogue("kernel", _PACKAGE / "kernel" / "locale")
        self.manager.load()
        self._revisions = migrations.known(self.manager)
        self.manager.behind = self._behind
        self.hooks = Hooks(self.manager)
        self.database = Database(settings.database_url, pool_size=settings.web_threads, patience=settings.lock_seconds)
        self.database.vault = self.vault
        self.database.files = settings.data_dir / "files"
        self.database.base_url = settings.base_url
        self.database.place = Place.of(settings)
        self.database.enabled_owners = lambda: self.manager.enabled
        self.database.declared = self.manager.declared.pairs
        self.database.on_fault = lambda owner, name, error: self.hooks.fault(owner, "hook", name, error)
        self.jobs = JobRunner(
            self.database, self.manager.declared.jobs.get, self.hooks.load_actor,
            owners=lambda: self.manager.enabled, on_fault=self._on_job_fault,
        )  # fmt: skip
        self.hub = Hub(settings.redis_url)
        self.scheduler = Scheduler(self.database, lambda: self.manager.declared.jobs)
        lease = settings.outbox_lease
        timing = Timing(lease=lease, look_again=lease, hold=min(120.0, lease / 2))
        self.outbox = Dispatcher(self.database, lambda: offered(self.database), settings.base_url, timing)
        self.wakeups = WakeUps(
            settings.redis_url, self.jobs.run, {lane: partial(self.outbox.work, lane) for lane in LANES}
        )
        self.take_charge()
        self.template_folders = self._folders("templates")
        self.templates = Templates(self.template_folders, self._themes())
        self.templates.on_fault = self._on_theme_fault
        self.platform = Platform(
            settings=settings, database=self.database, vault=self.vault, manager=self.manager, hooks=self.hooks,
            jobs=self.jobs, templates=self.templates, hub=self.hub, on_denied=self._on_denied, urls={},
        )  # fmt: skip
        self.templates.add_global("url", lambda name, **parameters: url_for(self.platform, name, **parameters))
        for item in self.manager.declared.template_helpers.installed():
            self.templates.add_global(item.value.name, self._while_on(item.owner, item.value.function))
        self._check_themes()
        self.keeper = keeping.Keeper(self.database, settings.data_dir)
        self._tickers: list[Ticker] = []

    def _while_on(self, owner: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A template helper of a plugin that is switched off says nothing: a theme's template may still call it."""

        def helper(*arguments: Any, **named: Any) -> Any:
            if owner not in self.manager.enabled:
                return ""
            found = self.hooks.guarded(owner, function.__name__, partial(function, *arguments, **named), kind="helper")
            return "" if found is None else found

        return helper

    def take_charge(self) -> None:
        """What services announce without knowing a runtime goes through this one; the one made last begins with it."""
        events.listen_through(lambda: self.manager.declared.listeners, self._listen)
        wake_through(self.wakeups.send)
        outbox.wake_through(self.wakeups.send_lane)
        signals.send_through(self.hub.send)
        asking.ask_through(self.database, self.hooks)

    def _folders(self, kind: str) -> dict[str, Path]:
        """Owner -> its folder of this name, where it has one."""
        return {
            name: plugin.folder / kind
            for name, plugin in self.manager.plugins.items()
            if plugin.module and (plugin.folder / kind).is_dir()
        }

    def _themes(self) -> Themes:
        folders = [themes.OURS, *self.settings.theme_folders]
        found = Themes(themes.sources(folders, self._folders("themes")), self.settings.theme)
        found.enabled = lambda: self.manager.enabled
        return found

    def _on_theme_fault(self, theme: Theme, told: str, error: Exception) -> None:
        _log.warning("theme %s: %s; the page was drawn without its template", theme.name, told, exc_info=error)
        self.manager.fault(theme.fault_owner, "template", theme.name, told)

    def _check_themes(self) -> None:
        """Broken ones are worn by nobody; in strict mode they keep the platform from starting, as plugins do."""
        for theme in self.templates.themes.problems():
            told = f"theme {theme.name} is broken: {theme.problem} ({theme.place})"
            if self.settings.strict_plugins:
                raise PluginError(told)
            _log.warning("%s; whoever chose it sees another", told)

    def migrate(self, only: str | None = None) -> list[str]:
        """Bring the database up to date, or one owner's part of it. Returns the owners that changed."""
        changed = migrations.migrate(self.manager, self.settings.database_url, only)
        remembered = self.manager.remember(self.database)
        with self.database.system_session("forget failures that are mended") as session:
            faults.mended(session, changed)
            if remembered or changed:  # every process looks again at whose tables fit
                counters.bump(session, VERSION_COUNTER)
        self.manager.faults.save(self.database)
        return changed

    def follow(self) -> None:
        """Adopt the plugin states of the database; called before serving and then every second."""
        is_first = self.manager.version < 0
        if is_first:
            with self.database.system_session("do the tables fit this program?", write=False) as session:
                if migrations.CORE in migrations.behind(session, self._revisions):
                    message = "the database does not fit this program; run: baton migrate"
                    raise UnmigratedError(message)
        self.manager.follow(self.database)
        if is_first:
            self.manager.remember(self.database)
        changed = scope.mend()
        if changed:
            told = f"the scope policy of {', '.join(changed)} was replaced and has been put back"
            self.manager.faults.note("core", "scope", "policies", told)
        self.manager.faults.save(self.database)

    def _behind(self, session: Session) -> dict[str, tuple[str, str, str]]:
        """For the manager: (state, reason, place) of those whose tables do not fit, and why the last attempt failed."""
        found = {}
        for owner, (state, reason) in migrations.behind(session, self._revisions).items():
            failed = next((row for row in faults.kept(session, owner) if row.kind == "migration"), None)
            if failed and state == "unmigrated":
                found[owner] = (state, f"{reason}; the last time it failed: {failed.error}", failed.place)
            else:
                found[owner] = (state, reason, "")
        return found

    def _on_job_fault(self, name: str, error: BaseException | str) -> None:
        self.manager.fault(name.partition(".")[0], "job", name, error)

    def _listen(self, listener: Listener, session: Session, event: Event) -> None:
        """Listeners are watched like hooks; a fault is raised again, since its transaction must not be kept."""
        owner = self.manager.declared.listeners.owner_of(listener_key(listener)) or "core"
        try:
            timing = self.hooks.watch.timing(owner, f"listener of {event.name}")
            self.hooks.watch.call(timing, listener.handle, session, event, session=session)
        except RestingError:
            _log.warning("%s's listener of %s is left out for a while", owner, event.name)
        except (Exception, StoppedError) as error:
            self.manager.fault(owner, "listener", event.name, error)
            raise RuntimeError(f"listener of {event.name}") from error

    def start_background(self, *, work: bool, schedule: bool) -> None:
        """Threads of this process: following plugin states always; jobs and schedules where asked."""
        self._tickers = [Ticker("plugin states", 1.0, self.follow)]
        if work:
            self.wakeups.start(self.settings.job_threads, dict.fromkeys(LANES, self.settings.lane_threads))
        if schedule:
            self._tickers.append(Ticker("outbox", 1.0, self.wake_lanes))
            self._tickers.append(Ticker("outbox alarm", 60.0, self.watch_outbox))
            self._tickers.append(Ticker("schedule", 1.0, self.scheduler.tick))
            self._tickers.append(Ticker("job sweep", 5.0, self.sweep))
            self._tickers.append(Ticker("audit seals", keeping.EVERY, self.keep_audit))
        for ticker in self._tickers:
            ticker.start()

    def sweep(self) -> None:
        """Wake workers for every job that should be running and is not."""
        for job_id in self.jobs.due():
            self.wakeups.send(job_id)

    def wake_lanes(self) -> None:
        """For every lane of the outbox that has something to do."""
        for lane in self.outbox.due():
            self.wakeups.send_lane(lane)

    def watch_outbox(self) -> None:
        """Messages that wait for far too long make the platform unwell."""
        told = self.outbox.alarm()
        if told:
            self.manager.faults.note("outbox", "queue", "oldest", told)

    def keep_audit(self) -> None:
        """Seal the audit trail; a chain that is not the one that was anchored makes the platform unwell."""
        self.keeper.keep()
        if self.keeper.trouble:
            self.manager.faults.note("audit", "seal", "chain", self.keeper.trouble)

    def stop_background(self) -> None:
        for ticker in self._tickers:
            ticker.stop()
        self._tickers = []
        self.wakeups.stop()
        self.hub.stop()
        self.outbox.close()

    def _on_denied(self, actor: Actor, request: Request[Any, Any, Any], error: BatonError) -> None:
        """A refusal is written down in a transaction of its own, since the refused one is rolled back."""
        name = request.route_handler.name or ""
        customer = request.path_params.get("customer_id")
        with self.database.system_session("audit a refusal") as session:
            audit.record(
                session,
                actor,
                "permissions.denied",
                customer_id=customer if isinstance(customer, UUID) else None,
                result="denied",
                reason=f"{request.method} {name}: {error.code}",
            )

    def close(self) -> None:
        self.stop_background()
        self.database.dispose()


def create_app(runtime: Runtime, *, background: bool = True) -> Litestar:
    """The ASGI application. Raises when a handler has neither a permission nor says that it is public."""
    routing.start_threads(runtime.settings.web_threads)

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        runtime.hub.start(asyncio.get_running_loop())
        if background:
            embedded = runtime.settings.redis_url is None
            runtime.start_background(work=embedded, schedule=embedded)
        preparing.prepare(runtime.database, runtime.hooks, runtime.templates)
        runtime.hooks.tell("baton_startup")
        yield
        runtime.hooks.tell("baton_shutdown")
        runtime.close()

    app = mounting.mount(runtime.manager, lambda routers: _build(runtime, routers, [lifespan]))
    if runtime.manager.version >= 0:  # what was set aside just now may have been needed
        runtime.manager.follow(runtime.database)
    runtime.platform.urls.update(mounting.url_templates(app))
    return app


def _build(runtime: Runtime, routers: Sequence[Any], lifespan: list[Any]) -> Litestar:
    app = Litestar(
        route_handlers=routers,
        lifespan=lifespan,
        state=State({"platform": runtime.platform}),
        # A list of 76 kB: 12.6 kB in 0.36 ms; with level 5 it were 11.6 kB in 0.71.
        compression_config=CompressionConfig(
            "gzip", gzip_compress_level=3, minimum_size=500, exclude_opt_key=statics.PACKED
        ),
        before_send=[headers.add_security_headers],
        guards=[endpoint.host_is_ours, endpoint.owner_is_on],
        request_max_body_size=_MAX_BODY,
        openapi_config=describe_api() if runtime.settings.api_docs else None,
        exception_handlers={
            BatonError: errors.answer_known,
            HTTPException: errors.answer_http,
            Exception: errors.answer_unknown,
        },
        logging_config=None,
        debug=False,
    )
    mounting.check_guards(app)
    return app
