"""One scan ticket sixty-four times, over real HTTP with 2 × 8 workers and threads."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from bench.load import Answer, Call, send_all
from tests.live import Live
from tests.race.conftest import UNGUARDED, Start
from tests.race.guards import drop_check_in_guards

TIMES = 64
MEMBERS = [f"member-{number}" for number in range(2, 2 + TIMES)]

pytestmark = pytest.mark.race


def bearer(token: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {token}"}


def ask(served: Live, call: Call) -> Any:
    [answer] = send_all(served.address, [call])
    assert answer.status in (200, 201), answer
    return answer.json()


def a_ticket(served: Live) -> tuple[str, str]:
    """The party day whose check-in is open, and a ticket from the code on its screen."""
    host = bearer(served.tokens(["secretary"])[0])
    code = ask(served, Call("GET", "/api/v1/activities?state=ongoing&host=me", None, host))["items"][0]["code"]
    shown = ask(served, Call("GET", f"/api/v1/activities/{code}/display-code", None, host))
    scanned = ask(served, Call("POST", f"/api/v1/activities/{code}/scan-tickets", {"qr": shown["qr"]}))
    return code, scanned["ticket"]


def use_at_once(served: Live, code: str, ticket: str, tokens: Sequence[str]) -> list[Answer]:
    calls = [
        Call(
            "POST",
            f"/api/v1/activities/{code}/check-ins",
            {"ticket": ticket, "method": "code", "client_uuid": str(uuid4())},
            bearer(token),
        )
        for token in tokens
    ]
    return send_all(served.address, calls, connections=len(calls))


def scans(served: Live, where: str) -> int:
    with served.deps.read() as session:
        return int(session.scalar(text(f"SELECT count(*) FROM check_ins WHERE {where}")) or 0)


def attended(served: Live) -> int:
    with served.deps.read() as session:
        return int(session.scalar(text("SELECT count(*) FROM registrations WHERE state = 'attended'")) or 0)


COUNTED = "grade = 'accepted' AND repeat_of_id IS NULL"


@pytest.mark.rule("C90")
def test_one_person_sixty_four_times_is_in_once_and_every_further_scan_is_kept(start: Start) -> None:
    served = start()
    code, ticket = a_ticket(served)
    answers = use_at_once(served, code, ticket, served.tokens(["member"]) * TIMES)
    assert Counter(answer.status for answer in answers) == {201: 1, 200: TIMES - 1}
    assert {answer.json()["grade"] for answer in answers} == {"accepted"}
    assert scans(served, COUNTED) == 1
    assert scans(served, "repeat_of_id IS NOT NULL") == TIMES - 1
    assert attended(served) == 1


@pytest.mark.rule("C91")
def test_one_ticket_in_sixty_four_hands_lets_one_in_and_keeps_the_others_scans(start: Start) -> None:
    served = start()
    code, ticket = a_ticket(served)
    answers = use_at_once(served, code, ticket, served.tokens(MEMBERS))
    assert sum(answer.status == 201 for answer in answers) == 1
    refused = [answer.json() for answer in answers if answer.status != 201]
    assert {refusal["code"] for refusal in refused} == {"ticket_used"}
    assert scans(served, COUNTED) == 1
    assert scans(served, "grade = 'rejected'") == TIMES - 1
    assert attended(served) == 1


@pytest.mark.rule("C90")
def test_control_the_database_alone_lets_in_once(start: Start) -> None:
    """Without a transaction and with a pause between looking and writing, the unique indexes still decide."""
    served = start(UNGUARDED)
    code, ticket = a_ticket(served)
    use_at_once(served, code, ticket, served.tokens(["member"]) * TIMES)
    assert scans(served, COUNTED) == 1


def test_control_without_any_guard_the_race_is_lost(start: Start) -> None:
    """What makes the tests above worth something: here one person is counted more than once."""
    served = start(UNGUARDED)
    drop_check_in_guards(served.deps.database.engine)
    code, ticket = a_ticket(served)
    use_at_once(served, code, ticket, served.tokens(["member"]) * TIMES)
    assert scans(served, COUNTED) > 1
