from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from baton_plugins.opportunities import contracts, project_types, queries, services
from baton_plugins.opportunities.forms import LostInput, OpportunityChanges, OpportunityInput, ProjectTypeInput
from baton_plugins.opportunities.models import Contract, Opportunity, ProjectType
from sqlalchemy import select

from platform_core.api import Attachment, Conflict, Engagement, Forbidden, Invalid, Leg, NotFound, today
from platform_core.audit.models import AuditEntry
from platform_core.kernel.i18n import speaking
from platform_core.relay import services as relay


def legs(house, opportunity):
    with house.runtime.database.system_session("test", write=False) as session:
        return session.execute(
            select(Leg.department_id, Leg.state)
            .where(Leg.engagement_id == opportunity.engagement_id)
            .order_by(Leg.position)
        ).all()


def test_creating_opens_the_engagement_along_the_types_route(house):
    opportunity = house.opportunity()
    found = legs(house, opportunity)
    assert [row.department_id for row in found] == [house.collection.id, house.training.id, house.delivery.id]
    assert [row.state for row in found] == ["active", "planned", "planned"]
    assert opportunity.owner_label == "赵敏"
    assert opportunity.expected_value == Decimal(38000)


def test_three_fields_at_most_are_required():
    required = [name for name in ("title", "project_type") if name]
    OpportunityInput(**dict.fromkeys(required, "x"))


def test_handing_over_offers_the_leg_to_the_next_department(house):
    opportunity = house.opportunity()
    house.hand_over(house.collector, opportunity)
    assert [row.state for row in legs(house, opportunity)] == ["done", "offered", "planned"]


def test_creation_is_audited(house, session):
    opportunity = house.opportunity()
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "opportunities.create")).one()
    assert entry.entity_id == opportunity.id
    assert entry.after["title"] == "Leadership training"


def test_an_unseen_customer_is_not_found(house):
    with pytest.raises(NotFound):
        house.opportunity(house.colleague)


def test_a_customer_that_is_only_read_is_refused(house):
    opportunity = house.opportunity()
    house.hand_over(house.collector, opportunity)
    house.accept(house.trainer, opportunity)
    with house.acting(house.trainer) as session:
        pdf_free = session.get(Opportunity, opportunity.id)
        assert pdf_free is not None
    reader = house.factory.user("finance", name="周财务")
    with pytest.raises(Forbidden):
        house.opportunity(reader)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"expected_value": Decimal(-1)}, "expected_value"),
        ({"expected_value": Decimal("NaN")}, "expected_value"),
        ({"expected_value": Decimal(10) ** 15}, "expected_value"),
        ({"project_type": "nothing"}, "project_type"),
        ({"title": "   "}, "title"),
    ],
)
def test_bad_input_is_named_at_its_field(house, fields, name):
    with pytest.raises(Invalid) as caught:
        house.opportunity(**fields)
    assert list(caught.value.fields) == [name]


def test_a_date_in_the_past_may_be_expected(house):
    assert house.opportunity(expected_on=today() - timedelta(days=3)).expected_on < today()


def test_a_type_without_a_route_asks_for_a_department_and_says_who_sets_it(house):
    with pytest.raises(Invalid) as caught:
        house.opportunity(project_type="headhunting")
    assert "route" in caught.value.fields["department_id"] or "路线" in caught.value.fields["department_id"]
    opportunity = house.opportunity(project_type="headhunting", department_id=house.training.id)
    assert [(row.department_id, row.state) for row in legs(house, opportunity)] == [
        (house.collection.id, "active"),
        (house.training.id, "planned"),
    ]


def test_an_unknown_department_is_refused(house):
    with pytest.raises(Invalid) as caught:
        house.opportunity(project_type="headhunting", department_id=uuid4())
    assert "department_id" in caught.value.fields


def test_two_engagements_of_one_customer_run_side_by_side(house):
    first, second = house.opportunity(), house.opportunity(title="Second")
    assert first.engagement_id != second.engagement_id


def test_changing_keeps_what_is_not_given_and_refuses_a_stale_version(house):
    opportunity = house.opportunity(need="Twenty managers")
    with house.acting(house.collector) as session:
        actor = house.actor(house.collector)
        services.update(session, actor, opportunity.id, OpportunityChanges(probability=80, version=1))
    stored = house.factory.read(Opportunity, opportunity.id)
    assert (stored.probability, stored.need) == (80, "Twenty managers")
    with house.acting(house.collector) as session, pytest.raises(Conflict):
        services.update(session, actor, opportunity.id, OpportunityChanges(title="Other", version=1))


def test_after_the_hand_over_the_sender_reads_and_the_receiver_writes(house):
    opportunity = house.taken()
    with house.acting(house.collector) as session, pytest.raises(Forbidden):
        services.update(session, house.actor(house.collector), opportunity.id, OpportunityChanges(probability=10))
    with house.acting(house.trainer) as session:
        services.update(session, house.actor(house.trainer), opportunity.id, OpportunityChanges(probability=90))
    stored = house.factory.read(Opportunity, opportunity.id)
    assert stored.probability == 90
    assert (stored.owner_id, stored.owner_label) == (house.trainer.id, "王晓")
    assert stored.created_by_label == "赵敏"


def test_losing_needs_a_reason_and_leaves_the_engagement_open(house):
    opportunity = house.opportunity()
    actor = house.actor(house.collector)
    with house.acting(house.collector) as session, pytest.raises(Invalid):
        services.lose(session, actor, opportunity.id, LostInput(reason="  "))
    with house.acting(house.collector) as session:
        services.lose(session, actor, opportunity.id, LostInput(reason="No budget"))
    stored = house.factory.read(Opportunity, opportunity.id)
    assert (stored.stage, stored.lost_reason, stored.closed_by_label) == ("lost", "No budget", "赵敏")
    assert house.factory.read(Engagement, opportunity.engagement_id).state == "open"
    with house.acting(house.collector) as session, pytest.raises(Conflict):
        services.lose(session, actor, opportunity.id, LostInput(reason="Again"))


def test_losing_may_cancel_the_engagement_and_reopening_is_possible(house):
    opportunity = house.opportunity()
    actor = house.actor(house.collector)
    with house.acting(house.collector) as session:
        services.lose(session, actor, opportunity.id, LostInput(reason="No budget", cancel_engagement=True))
    assert house.factory.read(Engagement, opportunity.engagement_id).state == "cancelled"
    with house.acting(house.collector) as session:
        services.reopen(session, actor, opportunity.id)
    assert house.factory.read(Opportunity, opportunity.id).stage == "open"


def test_a_contract_wins_the_opportunity_and_signs_the_customer(house, pdf, session):
    opportunity = house.taken()
    contract = house.sign(house.trainer, opportunity, pdf)
    stored = house.factory.read(Opportunity, opportunity.id)
    assert (stored.stage, stored.probability) == ("won", 100)
    assert stored.closed_at is not None
    attachment = house.factory.read(Attachment, contract.attachment_id)
    assert (attachment.owner, attachment.engagement_id) == ("opportunities", opportunity.engagement_id)
    assert house.factory.read(type(house.customer), house.customer.id).status == "signed"
    actions = set(session.scalars(select(AuditEntry.action).where(AuditEntry.customer_id == house.customer.id)))
    assert {"opportunities.sign", "opportunities.win"} <= actions


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"amount": Decimal(-5)}, "amount"),
        ({"starts_on": today(), "ends_on": today() - timedelta(days=1)}, "ends_on"),
        ({"signed_on": today() + timedelta(days=2)}, "signed_on"),
        ({"number": " "}, "number"),
    ],
)
def test_a_wrong_contract_is_refused_at_its_field(house, pdf, fields, name):
    opportunity = house.taken()
    with pytest.raises(Invalid) as caught:
        house.sign(house.trainer, opportunity, pdf, **fields)
    assert list(caught.value.fields) == [name]
    assert house.factory.read(Opportunity, opportunity.id).stage == "open"


def test_a_contract_needs_its_file(house):
    opportunity = house.taken()
    with pytest.raises(Invalid) as caught:
        house.sign(house.trainer, opportunity, None)
    assert list(caught.value.fields) == ["file"]


def test_a_file_that_is_none_is_refused_at_its_field(house, upload):
    opportunity = house.taken()
    with pytest.raises(Invalid) as caught:
        house.sign(house.trainer, opportunity, upload(b"MZ\x90", "virus.exe"))
    assert list(caught.value.fields) == ["file"]
    with house.runtime.database.system_session("test", write=False) as session:
        assert session.scalars(select(Contract)).all() == []


def test_a_number_that_is_taken_is_named(house, pdf, upload):
    house.sign(house.trainer, house.taken(), pdf)
    with pytest.raises(Invalid) as caught:
        house.sign(house.trainer, house.taken(), upload(), number="ｈｔ-2026-001")
    assert "HT-2026-001" in caught.value.fields["number"]
    assert house.customer.name in caught.value.fields["number"]


def test_a_number_taken_by_an_unseen_contract_is_refused_without_telling_whose(house, pdf, upload):
    house.sign(house.trainer, house.taken(), pdf)
    other = house.factory.customer(house.colleague, name="杭州云栖数据科技有限公司")
    house.customer, seen = other, house.customer
    opportunity = house.opportunity(
        house.colleague, project_type="headhunting", department_id=house.training.id, title="Search"
    )
    with pytest.raises(Invalid) as caught:
        house.sign(house.colleague, opportunity, upload())
    assert "HT-2026-001" in caught.value.fields["number"]
    assert seen.name not in caught.value.fields["number"]


def test_without_a_contract_the_leg_is_not_handed_over(house, pdf):
    opportunity = house.taken()
    with speaking("en"), pytest.raises(Conflict) as caught:
        house.hand_over(house.trainer, opportunity)
    assert "number, date, amount, term and file are missing" in caught.value.message
    house.sign(house.trainer, opportunity, pdf)
    house.hand_over(house.trainer, opportunity)
    assert [row.state for row in legs(house, opportunity)] == ["done", "done", "offered"]


def test_an_incomplete_contract_names_what_is_missing(house, pdf):
    opportunity = house.taken()
    contract = house.sign(house.trainer, opportunity, pdf, term="", starts_on=today())
    with house.runtime.database.system_session("test") as session:
        session.get_one(Contract, contract.id).attachment_id = None
    with speaking("en"), pytest.raises(Conflict) as caught:
        house.hand_over(house.trainer, opportunity)
    assert "HT-2026-001" in caught.value.message
    assert "the term" in caught.value.message
    assert "the signed file" in caught.value.message


def test_correcting_a_contract_keeps_its_file(house, pdf):
    contract = house.sign(house.trainer, house.taken(), pdf)
    with house.acting(house.trainer) as session:
        from baton_plugins.opportunities.forms import ContractInput

        data = ContractInput(number="HT-2026-002", signed_on=today(), amount=Decimal("39000.505"), term="one year")
        contracts.update(session, house.actor(house.trainer), contract.id, data, version=contract.version)
    stored = house.factory.read(Contract, contract.id)
    assert (stored.number, stored.amount) == ("HT-2026-002", Decimal("39000.51"))
    assert stored.attachment_id == contract.attachment_id
    with house.acting(house.trainer) as session, pytest.raises(Conflict):
        contracts.update(session, house.actor(house.trainer), contract.id, data, version=1)


def test_a_lost_opportunity_is_not_signed(house, pdf):
    opportunity = house.taken()
    with house.acting(house.trainer) as session:
        services.lose(session, house.actor(house.trainer), opportunity.id, LostInput(reason="No budget"))
    with pytest.raises(Conflict):
        house.sign(house.trainer, opportunity, pdf)


def test_colleagues_without_a_part_see_nothing(house, pdf):
    opportunity = house.taken()
    contract = house.sign(house.trainer, opportunity, pdf)
    with house.acting(house.colleague) as session:
        with pytest.raises(NotFound):
            queries.get(session, opportunity.id)
        with pytest.raises(NotFound):
            queries.contract(session, contract.id)
        assert session.scalars(select(Opportunity)).all() == []
        assert session.scalars(select(Contract)).all() == []
        assert session.get(Attachment, contract.attachment_id) is None


def test_a_removed_member_loses_sight_at_once(house):
    opportunity = house.taken()
    with house.acting(house.trainer) as session:
        relay.remove_member(session, house.actor(house.trainer), opportunity.engagement_id, house.collector.id)
    with house.acting(house.collector) as session, pytest.raises(NotFound):
        queries.get(session, opportunity.id)


def test_fresh_installs_have_two_types_and_seeding_again_changes_nothing(house, session):
    assert set(session.scalars(select(ProjectType.code))) == {"training", "headhunting"}
    session.delete(session.scalars(select(ProjectType).where(ProjectType.code == "headhunting")).one())
    project_types.baton_seed(session)
    assert session.scalars(select(ProjectType.code)).all() == ["training"]


def test_project_types_are_kept_by_code(house):
    actor = house.actor(house.manager)
    with house.acting(house.manager) as session:
        data = ProjectTypeInput(code="media", name="媒体投放", route_id=house.route.id, active=True)
        kind = project_types.save(session, actor, None, data)
    with house.acting(house.manager) as session, pytest.raises(Invalid) as caught:
        project_types.save(session, actor, None, ProjectTypeInput(code="media", name="另一种", active=True))
    assert "media" in caught.value.fields["code"]
    with house.acting(house.manager) as session:
        project_types.save(session, actor, kind.id, ProjectTypeInput(code="media", name="媒体", active=False))
    stored = house.factory.read(ProjectType, kind.id)
    assert (stored.name, stored.active, stored.route_id) == ("媒体", False, None)
    with pytest.raises(Invalid):
        house.opportunity(project_type="media")
