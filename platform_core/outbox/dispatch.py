"""Sending: claim, commit, network, settle; and finding out what became of messages whose worker never came back.

An answer that leaves open whether the gateway has the message (no answer in time, a broken connection, a 500) leaves
it `sending`. Only the reconciler goes on from there: it asks the gateway by our reference, and where it cannot ask,
people decide. So nothing is sent twice because an answer was lost.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from platform_core.contracts.messaging import LANES, Driver, Gateway, NotSent, Rejected
from platform_core.kernel.clock import now
from platform_core.kernel.database import Database, vault_of
from platform_core.outbox import accounts, claiming, holding, reports
from platform_core.outbox.claiming import Claimed, Outcome
from platform_core.outbox.models import Account, Message, Report
from platform_core.privacy.consent import opt_out

_log = logging.getLogger(__name__)
_LONGEST_REST = 600.0


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. The lease must be longer than the slowest gateway takes to accept a message, or it doubles."""

    lease: float = 300.0
    hold: float = 120.0
    """After this long in one batch, what has not been tried is given back: well before the lease ends"""
    look_again: float = 300.0
    give_up: float = 6 * 3600.0
    """How long a provider may not answer whether it has a message, before people are asked"""
    drain: float = 20.0
    rest: float = 5.0
    """How long an account whose provider is not there is left alone, at first"""
    rows: int = 500
    batch: int = 20
    late: tuple[tuple[str, float], ...] = (("interactive", 120.0), ("bulk", 1800.0))
    """How long the oldest message of a lane may wait beyond its time before that is an alarm"""


class Dispatcher:
    """What workers do for the outbox; one in each process."""

    def __init__(
        self, database: Database, drivers: Callable[[], Mapping[str, Driver]], base_url: str,
        timing: Timing | None = None,
    ) -> None:  # fmt: skip
        self._database = database
        self._drivers = drivers
        self._base_url = base_url
        self.timing = timing or Timing()
        self._open: dict[UUID, tuple[int, Gateway]] = {}
        self._outdated: list[Gateway] = []
        self._opening = threading.Lock()

    def work(self, lane: str) -> int:
        """Everything a wake-up of this lane asks for. Returns how many messages were handed to gateways."""
        self.read_reports()
        self.reconcile()
        return self.drain(lane)

    def drain(self, lane: str) -> int:
        """Send what is due, until nothing is, or for a bounded time so that a worker can be stopped."""
        ends = time.monotonic() + self.timing.drain
        done = 0
        while done < self.timing.rows and time.monotonic() < ends:
            handled = sum(self._round(account_id, routes, lane) for account_id, routes in self._charge().items())
            if not handled:
                break
            done += handled
        return done

    def _charge(self) -> dict[UUID, list[str]]:
        with self._database.system_session("which accounts are there?", write=False) as session:
            if holding.why(session):
                return {}
            return claiming.available(session.scalars(select(Account)).all(), now())

    def _round(self, account_id: UUID, routes: list[str], lane: str) -> int:
        """One claim of one account, sent and settled. Returns how many messages it held."""
        gateway, driver = self.gateway(account_id)
        if gateway is None or driver is None:
            return 0
        lease = timedelta(seconds=self.timing.lease)
        with self._database.system_session("claim messages") as session:
            account = session.get(Account, account_id)
            if account is None:
                return 0
            troubles, callback = account.troubles, accounts.callback_url(self._base_url, vault_of(session), account)
            signature = accounts.signature_of(session, account)
            limit = min(self.timing.batch, driver.batch)
            held = claiming.claim(session, account_id, driver, routes, lane, limit=limit, lease=lease)
        if not held:
            return 0
        down: NotSent | None = None
        outcomes: list[Outcome] = []
        ends = time.monotonic() + self.timing.hold
        for claimed in held:
            if down is not None or time.monotonic() > ends:
                outcomes.append(claiming.untouched(claimed))
                continue
            parcel = replace(claimed.parcel, callback_url=callback, signature=signature)
            outcome, down = self._send(gateway, replace(claimed, parcel=parcel))
            if outcome is not None:
                outcomes.append(outcome)
        with self._database.connection("settle messages") as connection:
            claiming.settle(connection, outcomes)
        if down is not None:
            self._rest(account_id, down)
        elif troubles:
            self._recovered(account_id)
        return len(held)

    def _send(self, gateway: Gateway, claimed: Claimed) -> tuple[Outcome | None, NotSent | None]:
        """What became of it (None: nobody knows), and whether the account is of no use at present."""
        try:
            answer = gateway.send(claimed.parcel)
        except NotSent as error:
            return claiming.not_sent(claimed, error.reason, error.retry_after), error if error.account_down else None
        except Rejected as error:
            if error.opted_out:  # the provider has heard a "no" that we have not
                with self._database.system_session("the provider knows of an opt-out") as session:
                    opt_out(session, claimed.channel, claimed.parcel.address, note=error.code)
            return claiming.rejected(claimed, f"{error.code} {error.text}".strip()), None
        except Exception as error:
            # Its text may hold the number.
            _log.warning("message %s: it is not known whether it left (%s)", claimed.id, type(error).__name__)
            return None, None
        return claiming.taken(claimed, answer), None

    def _rest(self, account_id: UUID, error: NotSent) -> None:
        with self._database.system_session("a gateway is not there") as session:
            account = session.scalars(select(Account).where(Account.id == account_id).with_for_update()).one_or_none()
            if account is not None:
                wait = min(_LONGEST_REST, self.timing.rest * 2.0 ** min(account.troubles, 8))
                account.troubles += 1
                account.down_until = now() + timedelta(seconds=max(wait, error.retry_after))
                account.trouble = error.reason[:200]

    def _recovered(self, account_id: UUID) -> None:
        with self._database.system_session("a gateway is there again") as session:
            session.execute(
                update(Account).where(Account.id == account_id).values(troubles=0, down_until=None, trouble="")
            )

    def gateway(self, account_id: UUID) -> tuple[Gateway | None, Driver | None]:
        """The account's gateway as it is set up now; none while its driver is switched off or refuses the values."""
        with self._database.system_session("open a gateway", write=False) as session:
            account = session.get(Account, account_id)
            driver = self._drivers().get(account.driver) if account else None
            if account is None or driver is None:
                return None, None
            with self._opening:
                known = self._open.get(account_id)
                if known is None or known[0] != account.revision:
                    try:
                        fresh = account.revision, driver.open(accounts.config_of(session, account))
                    except ValueError as error:
                        _log.warning("account %s cannot be opened: %s", account.name, error)
                        return None, None
                    if known is not None:  # another thread may be in the middle of using it
                        self._outdated.append(known[1])
                    known = self._open[account_id] = fresh
                return known[1], driver

    def reconcile(self) -> int:
        """Find out about messages whose lease has ended. Returns how many were looked at."""
        looked = 0
        for message_id, account_id, ref, fence, address, sent_at in self._lost():
            gateway, _driver = self.gateway(account_id)
            if gateway is not None:
                self._look(gateway, message_id, fence, (ref, address, sent_at))
                looked += 1
        return looked

    def _lost(self) -> list[tuple]:  # type: ignore[type-arg]  # id, account, ref, fence, clear address, sent_at
        """Takes them for one look: another process that comes at the same time finds their lease renewed."""
        with self._database.system_session("messages whose worker never came back") as session:
            statement = (
                select(Message)
                .where(Message.state == "sending", Message.lease_until < now())
                .order_by(Message.lease_until)
                .limit(self.timing.batch)
                .with_for_update(skip_locked=True)
            )
            found = session.scalars(statement).all()
            vault = vault_of(session)
            for message in found:
                message.lease_until = now() + timedelta(seconds=self.timing.look_again)
            return [
                (row.id, row.account_id, row.ref, row.fence, vault.decrypt(row.address), row.sent_at) for row in found
            ]

    def _look(self, gateway: Gateway, message_id: UUID, fence: int, asked: tuple) -> None:  # type: ignore[type-arg]
        try:
            receipt = gateway.find(*asked)
        except NotImplementedError:
            self._become(message_id, fence, "unknown")
            return
        except Exception as error:
            _log.warning("message %s: its provider does not answer (%s)", message_id, type(error).__name__)
            if now() - asked[2] > timedelta(seconds=self.timing.give_up):
                self._become(message_id, fence, "unknown")
            return
        with self._database.system_session("what a provider says of a message") as session:
            message = session.scalars(
                select(Message)
                .where(Message.id == message_id, Message.fence == fence, Message.state == "sending")
                .with_for_update()
            ).one_or_none()
            if message is None:
                return
            if receipt is not None:
                reports.apply(message, receipt)
                return
            message.misses += 1
            if message.misses > 1:  # one "no" may only mean "not yet"
                message.state, message.next_at, message.lease_until, message.misses = "queued", now(), None, 0

    def _become(self, message_id: UUID, fence: int, state: str) -> None:
        with self._database.system_session("nobody knows what became of a message") as session:
            session.execute(
                update(Message)
                .where(Message.id == message_id, Message.fence == fence, Message.state == "sending")
                .values(state=state, lease_until=None)
            )

    def read_reports(self) -> int:
        """Apply the callbacks that wait. Returns how many."""
        with self._database.system_session("read callbacks") as session:
            waiting = reports.waiting(session, self.timing.rows)
            found: list[reports.Told] = []
            for report in waiting:
                account = session.get(Account, report.account_id)
                gateway, driver = self.gateway(report.account_id)
                if account is None or gateway is None or driver is None:
                    report.next_at = now() + timedelta(minutes=1)
                elif (told := reports.told(session, account, gateway, report, driver.rules.opt_out_words)) is not None:
                    found.append(told)
            reports.apply_all(session, found)
            return len(waiting)

    def due(self) -> list[str]:
        """Lanes that have something to do."""
        moment = now()
        with self._database.system_session("does anything wait?", write=False) as session:
            waits = select(Message.id).where(Message.state == "queued", Message.next_at <= moment)
            found: list[str] = [lane for lane in LANES if session.scalar(waits.where(Message.lane == lane).limit(1))]
            if "interactive" not in found and self._others(session):
                found.insert(0, "interactive")
        return found

    def _others(self, session: Session) -> bool:
        moment = now()
        lost = select(Message.id).where(Message.state == "sending", Message.lease_until < moment).limit(1)
        told = select(Report.id).where(Report.state == "new", Report.next_at <= moment).limit(1)
        return session.scalar(lost) is not None or session.scalar(told) is not None

    def alarm(self) -> str:
        """What waits far too long, for the page about health; "" while nothing does."""
        moment = now()
        told = []
        with self._database.system_session("how old is the oldest?", write=False) as session:
            if holding.why(session):
                return "nothing is sent since a restore; run: baton outbox status"
            for lane, patience in self.timing.late:
                oldest = session.scalar(
                    select(func.min(Message.next_at)).where(Message.state == "queued", Message.lane == lane)
                )
                if oldest is not None and (moment - oldest).total_seconds() > patience:
                    minutes = int((moment - oldest).total_seconds() // 60)
                    told.append(f"the oldest {lane} message waits for {minutes} minutes")
        return "; ".join(told)

    def close(self) -> None:
        for gateway in [*self._outdated, *(gateway for _revision, gateway in self._open.values())]:
            gateway.close()
        self._outdated.clear()
        self._open.clear()
