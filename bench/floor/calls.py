"""What the floor is asked in a benchmark."""

from uuid import uuid4

from bench.floor.tables import PEOPLE, SLOTS, TICKETS
from bench.load import Call


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


def reads_and_writes(count: int) -> list[Call]:
    return [Call("POST", "/rw", {"code": f"p{number % PEOPLE + 1}"}) for number in range(count)]
