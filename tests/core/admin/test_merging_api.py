"""Merging entries of dictionaries by program: preview, merge, undo, and the right that the page asks."""

from __future__ import annotations

from platform_core.customers.models import Customer

URL = "/api/v1/dictionaries/customers.status"


def test_a_program_previews_merges_and_takes_back(browser, factory):
    office, owner = factory.user("office"), factory.user()
    customer = factory.customer(owner, name="Acme", status="considering")
    program = browser.token(office)
    known = {item["code"]: item for item in program.get(URL).json()["items"]}
    assert (known["considering"]["active"], known["considering"]["merged_into"]) == (True, "")
    seen = program.get(f"{URL}/considering/merge").json()
    assert (seen["total"], sum(share["count"] for share in seen["shares"])) == (1, 1)
    assert factory.read(Customer, customer.id).status == "considering"
    answer = program.post(f"{URL}/considering/merge", json={"into": "interested"})
    made = answer.json()
    assert (answer.status_code, made["state"], made["moved"], made["can_be_undone"]) == (201, "done", 1, True)
    assert factory.read(Customer, customer.id).status == "interested"
    assert {item["code"]: item["merged_into"] for item in program.get(URL).json()["items"]}[
        "considering"
    ] == "interested"
    assert program.post(f"{URL}/considering/merge", json={"into": "new"}).status_code == 409
    address = f"/api/v1/dictionaries/merges/{made['id']}"
    assert program.get(address).json() == made
    undone = program.post(f"{address}/undo", json={}).json()
    assert (undone["state"], undone["undone"], undone["can_be_undone"]) == ("undone", 1, False)
    assert factory.read(Customer, customer.id).status == "considering"
    assert program.post(f"{address}/undo", json={}).status_code == 409


def test_what_is_wrong_is_said_and_the_right_is_asked(browser, factory):
    program = browser.token(factory.user("office"))
    assert program.post(f"{URL}/considering/merge", json={"into": "nothing"}).status_code == 422
    assert program.post(f"{URL}/considering/merge", json={"into": "considering"}).status_code == 422
    assert program.get(f"{URL}/nothing/merge").status_code == 404
    assert program.get("/api/v1/dictionaries/no.such").status_code == 404
    assert program.get("/api/v1/dictionaries/privacy.purposes/marketing/merge").status_code == 409
    stranger = browser.token(factory.user())
    assert stranger.get(f"{URL}/considering/merge").status_code == 403
    assert stranger.post(f"{URL}/considering/merge", json={"into": "interested"}).status_code == 403
