"""Accounts with providers: their secrets, the address of their callbacks, health, and a message to oneself."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.contracts.messaging import BadValue, Driver, Letter, Outgoing
from platform_core.kernel.database import Database, database_of, vault_of
from platform_core.kernel.errors import Conflict, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.ids import new_id
from platform_core.kernel.secrets import Vault
from platform_core.outbox import services
from platform_core.outbox.models import Account

_ = translator("outbox")
_PURPOSE = "outbox callback"
REGIONS = {"cn": _.lazy("Mainland China"), "abroad": _.lazy("Other countries"), "all": _.lazy("Everywhere")}
PURPOSES = {"service": _.lazy("Service"), "marketing": _.lazy("Marketing")}


_REGIONS = ("cn", "abroad")
EVERYTHING = tuple(f"{purpose}.{region}" for purpose in (*PURPOSES, "test") for region in (*_REGIONS, "all"))


class AccountInput(msgspec.Struct, kw_only=True):
    name: str = msgspec.field(default="")
    order: int = 50
    per_second: int = 20
    cents: int = 5
    enabled: bool = False
    region: str = "cn"
    purposes: list[str] = []


def offered(database: Database) -> dict[str, Driver]:
    """Drivers of plugins that are switched on, by name."""
    services_offered = (provider.service for _owner, provider in database.declared("ports"))
    return {found.name: found for found in services_offered if isinstance(found, Driver)}


def drivers(session: Session) -> dict[str, Driver]:
    return offered(database_of(session))


def config_of(session: Session, account: Account) -> dict[str, str]:
    found: dict[str, str] = msgspec.json.decode(vault_of(session).decrypt_bytes(account.config))
    return found


def signature_of(session: Session, account: Account) -> str:
    """What stands in brackets before each of its texts; "" for none."""
    return config_of(session, account).get("signature", "").strip()


def callback_url(base_url: str, vault: Vault, account: Account) -> str:
    """Nobody can guess it, and it says nothing; it stays the same."""
    return f"{base_url}/messages/told/{account.id}/{vault.sign(_PURPOSE, str(account.id))}"


def of_callback(session: Session, account_id: UUID, signature: str) -> Account:
    account = session.get(Account, account_id)
    if account is None or not vault_of(session).verify(_PURPOSE, str(account_id), signature):
        raise NotFound(_("This page does not exist."))
    return account


def all_of(session: Session) -> list[Account]:
    return list(session.scalars(select(Account).order_by(Account.channel, Account.order, Account.name)))


def get(session: Session, account_id: UUID) -> Account:
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound(_("There is no such account."))
    return account


def save(
    session: Session, actor: Actor, account: Account | None, driver: Driver, given: AccountInput,
    fields: Mapping[str, str],
) -> Account:  # fmt: skip
    """Make or change an account. An empty secret stays as it is. Raises Invalid at the field."""
    kept = config_of(session, account) if account else {}
    config = {
        field.name: fields.get(f"config_{field.name}", "").strip() or (kept.get(field.name, "") if field.secret else "")
        for field in driver.fields
    }
    errors = {
        f"config_{field.name}": _("Please fill this in.")
        for field in driver.fields
        if field.required and not config[field.name]
    } | {
        f"config_{field.name}": _("Please choose from the list.")
        for field in driver.fields
        if field.choices and config[field.name] not in dict(field.choices)
    }
    if not given.name.strip():
        errors["name"] = _("Please fill this in.")
    if given.per_second < 1:
        errors["per_second"] = _("More than 0.")
    if not errors:
        try:
            driver.open(config).close()
        except BadValue as error:
            errors[f"config_{error.name}"] = str(error)
        except ValueError as error:
            errors[""] = str(error)
    namesake = session.scalars(select(Account.id).where(Account.name == given.name.strip())).one_or_none()
    if namesake is not None and (account is None or namesake != account.id):
        errors["name"] = _("There is an account of this name.")
    if errors:
        raise Invalid(_("Please check the marked fields."), fields=errors)
    regions = _REGIONS if given.region == "all" else (given.region,)
    if account is None:
        account = Account(id=new_id(), channel=driver.channel, driver=driver.name, revision=0, tokens=1.0)
        session.add(account)
    account.name = given.name.strip()
    account.order, account.per_second, account.cents = given.order, given.per_second, given.cents
    account.enabled = given.enabled
    account.serves = [f"{purpose}.{region}" for purpose in (*given.purposes, "test") for region in (*regions, "all")]
    account.config = vault_of(session).encrypt_bytes(msgspec.json.encode(config))
    account.troubles, account.down_until, account.trouble = 0, None, ""
    account.revision += 1
    ref = EntityRef("outbox", "account", account.id, account.name)
    audit.record(session, actor, "outbox.account", ref, after={"driver": driver.name, "enabled": given.enabled})
    return account


def establish(session: Session, driver: Driver, name: str, config: Mapping[str, str]) -> Account:
    """An account that serves everything, without a person's act: for the demo."""
    account = Account(
        id=new_id(), channel=driver.channel, driver=driver.name, name=name, tokens=1.0, serves=list(EVERYTHING),
        config=vault_of(session).encrypt_bytes(msgspec.json.encode(config)),
    )  # fmt: skip
    session.add(account)
    return account


def test_to(session: Session, actor: Actor, account: Account, number: str, key: str) -> UUID:
    """A message to oneself through this account alone; it counts nowhere. Raises Invalid, Conflict."""
    if not account.enabled:
        raise Conflict(_("Switch the account on first."))
    text = _("This is a test message of Baton. The account %(name)s works.", name=account.name)
    letter = Letter(_("Test message of Baton"), actor.name) if account.channel == "email" else None
    made = services.put(
        session, actor,
        Outgoing(
            key=f"test:{account.id}:{key}", channel=account.channel, owner="outbox", address=number, text=text,
            purpose="test", account=str(account.id), letter=letter,
        ),
    )  # fmt: skip
    if made is None:
        raise Conflict(_("This test was sent already."))
    audit.record(session, actor, "outbox.test", EntityRef("outbox", "account", account.id, account.name))
    return made


def price_of(session: Session, channel: str, route: str) -> int:
    """Cents for a part by the account that is first in line for the route; 0 while there is none."""
    found = (account for account in all_of(session) if account.channel == channel and account.enabled)
    return next((account.cents for account in found if route in account.serves), 0)


def serves(account: Account) -> tuple[list[str], str]:
    """(purposes, region) as the form has them."""
    pairs = [route.split(".") for route in account.serves]
    regions = {region for _purpose, region in pairs if region != "all"}
    purposes = [purpose for purpose in PURPOSES if any(found == purpose for found, _region in pairs)]
    return purposes, "all" if len(regions) > 1 else next(iter(regions), "cn")
