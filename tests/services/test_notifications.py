"""The outbox: told once, after the commit, never twice to WeChat."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.notification import Notification
from models.people import Person
from server.container import Container
from services.notifications import LEASE, claim_due, deliver_due, enqueue, inbox
from services.ports import Delivery, OutgoingNotification
from tests.conftest import Clock, SignIn
from tests.factories import create_person

SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass
class Channel:
    """Answers as told, one answer after the other, and keeps what it got."""

    answers: list[Delivery]
    got: list[int] = field(default_factory=list)
    name: str = "test"

    def send(self, message: OutgoingNotification, *, now: datetime) -> Delivery:
        self.got.append(message.id)
        return self.answers.pop(0) if self.answers else Delivery("sent")


def _tell(session: Session, person: Person, now: datetime, key: str = "k1") -> None:
    enqueue(session, person_id=person.id, template="late_answer", data={"text": "好了"}, dedupe_key=key, now=now)


def _deliver(container: Container, channel: Channel) -> int:
    return deliver_due(container.unit_of_work, [channel], now=container.now, tz=SHANGHAI)


@pytest.mark.rule("O11")
def test_the_same_news_is_written_once(session: Session, now: datetime) -> None:
    person = create_person(session, now=now)
    _tell(session, person, now)
    with pytest.raises(IntegrityError), session.begin_nested():
        _tell(session, person, now)


@pytest.mark.rule("O11")
def test_sent_news_is_not_sent_again(session: Session, container: Container, now: datetime) -> None:
    _tell(session, create_person(session, now=now), now)
    session.commit()
    channel = Channel([])
    assert (_deliver(container, channel), _deliver(container, channel)) == (1, 0)
    assert len(channel.got) == 1


@pytest.mark.rule("O11")
def test_what_is_known_not_sent_is_tried_again_later(session: Session, container: Container, clock: Clock) -> None:
    _tell(session, create_person(session, now=clock.now), clock.now)
    session.commit()
    channel = Channel([Delivery("retry", "busy")])
    assert (_deliver(container, channel), _deliver(container, channel)) == (1, 0)
    clock.forward(minutes=3)
    assert _deliver(container, channel) == 1
    session.expire_all()
    assert session.scalars(select(Notification.push_state)).all() == ["sent"]


@pytest.mark.rule("O11")
def test_an_unknown_outcome_is_not_sent_again(session: Session, container: Container, clock: Clock) -> None:
    _tell(session, create_person(session, now=clock.now), clock.now)
    session.commit()
    channel = Channel([Delivery("unknown", "timeout")])
    _deliver(container, channel)
    clock.forward(hours=5)
    assert _deliver(container, channel) == 0


@pytest.mark.rule("O11")
def test_a_send_that_died_half_way_is_unknown_not_repeated(session: Session, clock: Clock) -> None:
    _tell(session, create_person(session, now=clock.now), clock.now)
    assert len(claim_due(session, now=clock.now)) == 1
    clock.now += LEASE * 2
    assert claim_due(session, now=clock.now) == []
    session.expire_all()
    assert session.scalars(select(Notification.push_state)).all() == ["unknown"]


@pytest.mark.rule("O12")
def test_the_inbox_has_the_news_whatever_wechat_said(sign_in: SignIn, session: Session, now: datetime) -> None:
    me, other = sign_in(), sign_in()
    assert me.actor is not None
    person = session.get_one(Person, me.actor.person_id)
    _tell(session, person, now)
    session.commit()
    page = me.get("/inbox").json
    assert (page["total"], page["unread"], page["items"][0]["text"]) == (1, 1, "好了")
    assert page["items"][0]["at"].endswith("+08:00")
    item = page["items"][0]["id"]
    assert other.post(f"/inbox/{item}/read").status_code == 404
    first = me.post(f"/inbox/{item}/read").json["read_at"]
    assert me.post(f"/inbox/{item}/read").json["read_at"] == first
    assert me.get("/inbox").json["unread"] == 0


@pytest.mark.rule("B46")
@pytest.mark.parametrize(
    ("hour", "wishes", "urgent", "rings"),
    [(23, {}, False, False), (23, {"quiet_nights": False}, False, True), (23, {}, True, True), (12, {}, False, True)],
)
def test_at_night_nothing_rings_that_can_wait(
    hour: int,
    wishes: dict[str, bool],
    urgent: bool,
    rings: bool,
    session: Session,
    container: Container,
    clock: Clock,
) -> None:
    night = datetime(2026, 11, 25, hour, 30, tzinfo=SHANGHAI)
    clock.now = night.astimezone(UTC)
    person = create_person(session, settings=wishes, now=clock.now)
    enqueue(
        session, person_id=person.id, template="booking_cancelled", data={}, dedupe_key="n1", urgent=urgent,
        now=clock.now,
    )  # fmt: skip
    session.commit()
    channel = Channel([])
    deliver_due(container.unit_of_work, [channel], now=container.now, tz=SHANGHAI)
    assert bool(channel.got) is rings
    assert inbox(session, person.id, page=1, per_page=5, now=clock.now)[1] == 1
    clock.now = datetime(2026, 11, 26, 7, 0, tzinfo=SHANGHAI).astimezone(UTC)
    deliver_due(container.unit_of_work, [channel], now=container.now, tz=SHANGHAI)
    assert len(channel.got) == 1


@pytest.mark.rule("B46")
def test_a_reminder_kept_quiet_over_night_is_not_sent_in_the_morning(
    session: Session, container: Container, clock: Clock
) -> None:
    clock.now = datetime(2026, 11, 25, 23, 30, tzinfo=SHANGHAI).astimezone(UTC)
    person = create_person(session, now=clock.now)
    enqueue(session, person_id=person.id, template="booking_reminder", data={}, dedupe_key="n1", now=clock.now)
    session.commit()
    channel = Channel([])
    for hours in (0, 8):
        clock.forward(hours=hours)
        deliver_due(container.unit_of_work, [channel], now=container.now, tz=SHANGHAI)
    assert channel.got == []
    session.expire_all()
    assert session.scalars(select(Notification.error_code)).all() == ["stale"]
