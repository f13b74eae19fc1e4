"""What the floor is asked in a benchmark."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import uuid4

from bench.floor.tables import PEOPLE, SLOTS, TICKETS
from bench.load import Call

DAYS = range(1, 14)


def bookings(count: int) -> list[Call]:
    """Every pair of person and slot once; the slots rotate, as in the product's benchmark."""
    assert count <= PEOPLE * SLOTS
    return [
        Call("POST", "/book", {"slot": number % SLOTS + 1, "person": number // SLOTS + 1}) for number in range(count)
    ]


def redemptions(count: int) -> list[Call]:
    assert count <= TICKETS
    return [
        Call("POST", "/redeem", {"secret": f"t{number:06d}", "nonce": str(uuid4())}) for number in range(1, count + 1)
    ]


def days(service_id: int, count: int) -> list[Call]:
    """The coming days in turn, as in the product's benchmark."""
    found = []
    for ahead in DAYS:
        since = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=ahead, hours=-8)
        times = {"since": since, "until": since + timedelta(hours=36), "earliest": since - timedelta(days=2)}
        told = {name: f"{moment:%Y-%m-%d %H:%M:%S.%f}" for name, moment in times.items()}
        found.append(Call("GET", f"/day?{urlencode({'service': service_id, **told})}"))
    return [found[number % len(found)] for number in range(count)]


def reads_and_writes(count: int) -> list[Call]:
    return [Call("POST", "/rw", {"code": f"p{number % PEOPLE + 1}"}) for number in range(count)]
