"""The embedded server with many people at work at once: nobody is turned away."""

from __future__ import annotations

import threading
from collections import Counter

from baton_plugins.activities.models import FollowUp
from sqlalchemy import func, select

from platform_core.testing.browser import Browser
from tests.reliability.places import Place

CLIENTS = 16
TURNS = 6


def test_sixteen_clients_read_and_write_without_a_refusal(embedded: Place) -> None:
    user = embedded.sender
    customers = [embedded.factory.customer(user, name=f"Customer {number}") for number in range(CLIENTS)]
    # Ten times what the queue of all needs. Where waiting is a lottery, some lose for longer.
    embedded.served.environ["BATON_LOCK_SECONDS"] = "3"
    embedded.served.start()
    codes: Counter[tuple[str, int]] = Counter()

    def client(number: int) -> None:
        customer = customers[number]
        with embedded.browser(user) as browser, embedded.program() as connection:
            program = Browser(embedded.runtime, connection).token(user)
            for turn in range(TURNS):
                answers = {
                    "list": browser.get("/customers"),
                    "detail": browser.get(f"/customers/{customer.id}"),
                    "list of the API": program.get("/api/v1/customers"),
                    "follow-up": program.post(
                        "/api/v1/follow-ups", json={"customer_id": str(customer.id), "body": f"Call {turn}"}
                    ),
                }
                codes.update((name, answer.status_code) for name, answer in answers.items())

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everybody = CLIENTS * TURNS
    assert codes == {
        ("list", 200): everybody,
        ("detail", 200): everybody,
        ("list of the API", 200): everybody,
        ("follow-up", 201): everybody,
    }
    with embedded.runtime.database.system_session("test", write=False) as session:
        assert session.scalar(select(func.count()).select_from(FollowUp)) == everybody
