"""Passes are verified without network; changed, foreign and broken ones are refused."""

import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from domain.errors import Invalid
from server.gateways.cipher import KeySigner
from services.booking.passes import make_pass, verify_pass
from services.booking.views import BookingView
from tests.factories import create_person
from tests.factories_booking import book_for, create_centre, create_service

SIGNER = KeySigner("one secret of a district, long enough")
KEYS = {SIGNER.key_id: SIGNER.public_key()}


@pytest.fixture
def booking(session: Session, now: datetime) -> BookingView:
    service = create_service(session, create_centre(session, now=now), now=now)
    return book_for(session, create_person(session, now=now), service, now + timedelta(days=1), now=now).booking


@pytest.mark.rule("B30")
def test_a_pass_says_what_the_desk_must_know_and_no_more(booking: BookingView) -> None:
    text = make_pass(booking, holder="林师傅", signer=SIGNER)
    assert text is not None
    facts = verify_pass(text, KEYS)
    assert (facts.code, facts.tail, facts.service) == (booking.code, "傅", booking.service.code)
    assert (facts.unit, facts.start, facts.end) == ("U1", booking.start, booking.end)
    assert text.split(".")[:2] == ["LY1", SIGNER.key_id]


@pytest.mark.rule("B30")
def test_forged_changed_and_broken_passes_are_refused(booking: BookingView) -> None:
    text = make_pass(booking, holder="林", signer=SIGNER) or ""
    version, key_id, body, signature = text.split(".")
    other = urlsafe_b64encode(json.dumps({"code": "AAAA2222"}).encode()).rstrip(b"=").decode()
    foreign = KeySigner("another secret, just as long as that")
    wrong = (
        "", "x", text[:-4] + "AAAA", f"{version}.{key_id}.{other}.{signature}", f"LY2.{key_id}.{body}.{signature}",
        f"{version}.00000000.{body}.{signature}", f"{version}.{key_id}.{body}.", f"{version}.{key_id}.é.{signature}",
        make_pass(booking, holder="林", signer=foreign) or "", text + "A" * 2000,
    )  # fmt: skip
    for attempt in wrong:
        with pytest.raises(Invalid, match="pass_invalid"):
            verify_pass(attempt, KEYS)
    with pytest.raises(Invalid, match="pass_invalid"):
        verify_pass(make_pass(booking, holder="林", signer=foreign) or "", {SIGNER.key_id: foreign.public_key()})


@pytest.mark.rule("B30")
def test_only_a_booking_still_to_be_used_has_a_pass(booking: BookingView) -> None:
    for state in ("requested", "cancelled", "completed", "no_show"):
        assert make_pass(replace(booking, state=state), holder="林", signer=SIGNER) is None
    assert make_pass(replace(booking, state="checked_in"), holder="", signer=SIGNER)
