"""What somebody reads who may not: why, which right it takes, and whom to ask by name, in their language."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select

from platform_core.contracts.identity import Scope
from platform_core.kernel import counters
from platform_core.kernel.errors import Ask, Conflict, Forbidden
from platform_core.kernel.i18n import speaking
from platform_core.permissions.actors import COUNTER
from platform_core.permissions.models import Role, RoleGrant
from platform_core.relay.models import Engagement
from platform_core.relay.people import add_member
from platform_core.relay.services import open_engagement
from platform_core.web import whom


@pytest.fixture
def branch(factory):
    sales, training = factory.department("Sales"), factory.department("Training")
    return {
        "owner": factory.user("coordinator", sales, name="Olga"),
        "head": factory.user("department_head", sales, name="Hanna"),
        "other": factory.user("department_head", training, name="Timofey"),
        "reader": factory.user("coordinator", sales, name="Rita"),
        "giver": factory.user("security_admin", name="Sam"),
    }


def grant(runtime, code, permission, scope):
    with runtime.database.system_session("a right for a test") as session:
        role_id = session.scalars(select(Role.id).where(Role.code == code)).one()
        session.execute(delete(RoleGrant).where(RoleGrant.role_id == role_id, RoleGrant.permission == permission))
        session.add(RoleGrant(role_id=role_id, permission=permission, scope=scope))
        counters.bump(session, COUNTER)


def test_of_a_record_that_is_seen_owner_and_heads_are_named_and_of_a_hidden_one_nobody(
    runtime, factory, browser, branch
):
    grant(runtime, "coordinator", "customers.view", Scope.DEPARTMENT)
    seen, hidden = factory.customer(branch["owner"]), factory.customer(branch["other"])
    here = browser.sign_in(branch["reader"])
    changed = {"name": "Taken", "kind": "organisation", "version": "1"}
    refused = here.post(f"/customers/{seen.id}/edit", changed)
    assert refused.status_code == 403
    assert "may see this customer, but not do this with it. Ask one of these people: Olga, Hanna." in refused.text
    told = here.request("PATCH", f"/api/v1/customers/{seen.id}", json={"name": "Taken"}).json()
    assert told["title"].endswith("Ask one of these people: Olga, Hanna.")
    nobody = here.post(f"/customers/{branch['owner'].id}/edit", changed)  # an id that no customer has
    unseen = here.post(f"/customers/{hidden.id}/edit", changed)
    assert (nobody.status_code, unseen.status_code) == (404, 404)
    assert not [name for name in ("Timofey", "Olga", "Hanna") if name in unseen.text]


def test_what_a_leg_refuses_names_its_holder_and_heads(runtime, factory, browser, branch):
    customer = factory.customer(branch["owner"])
    actor = factory.actor(branch["owner"])
    with runtime.database.actor_session(actor) as session:
        departments = [branch["owner"].department_id, branch["other"].department_id]
        made = open_engagement(session, actor, customer, None, "A course", departments=departments)
        session.flush()  # the holder's access is read again
        add_member(session, actor, made.id, branch["reader"].id, writes=False)
    refused = browser.sign_in(branch["reader"]).post(f"/engagements/{made.id}/cancel", {"reason": "no longer wanted"})
    assert refused.status_code == 403
    assert "Ask one of these people: Olga, Hanna." in refused.text
    with runtime.database.system_session("look", write=False) as session:
        assert session.get_one(Engagement, made.id).state == "open"


def test_services_name_the_right_and_its_givers_in_the_readers_language(runtime, factory, branch):
    actor = factory.actor(branch["reader"])
    wanted = {
        "en": "You may not add customers. It takes the right “Add customers”. Ask for it: Sam.",
        "zh": "你无权添加客户。这需要“新建客户”权限，请向以下人员申请：Sam。",
    }
    with runtime.database.system_session("look", write=False) as session:
        for language, sentence in wanted.items():
            with speaking(language):
                from platform_core.customers.services import _

                error = Forbidden(_("You may not add customers."), lacks="customers.create")
                assert whom.told(session, actor, error) == sentence
        with speaking("en"):
            alone = whom.told(session, actor, Forbidden(lacks="customers.create"))
            assert alone == "You may not do this: it takes the right “Add customers”. Ask for it: Sam."
            # Not oneself, and who is in charge of the department before the others.
            heads = Ask("customers.transfer", (actor.user_id,), branch["owner"].department_id)
            assert whom.told(session, actor, Conflict("Later.", ask=heads)) == (
                "Later. Ask one of these people: Hanna."
            )
            nobody = Ask("guard.emergency")
            assert whom.told(session, actor, Conflict("No.", ask=nobody)) == "No. Ask whoever runs this installation."
