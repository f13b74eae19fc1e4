"""Builders for wait-lists: `wait_for(session, person, service, start, now=now)` joins as the app does."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from domain.permissions import Actor
from models.centre import Service
from models.people import Person
from services.waitlist.joining import Join, join
from services.waitlist.views import EntryView, get_entry
from tests.factories_booking import CIPHER, actor_for


def wait_for(
    session: Session, person: Person | Actor, service: Service, start: datetime, *, now: datetime, **wish: Any
) -> EntryView:
    """An entry of the wait-list."""
    actor = person if isinstance(person, Actor) else actor_for(person)
    command = Join(
        **{"actor": actor, "service": service.code, "start": start, "client_uuid": uuid4(), "minutes": 30, **wish}
    )
    return join(session, command, cipher=CIPHER, now=now).entry


def entry_now(session: Session, entry: EntryView, person: Person | Actor) -> EntryView:
    """The entry as its person sees it now."""
    return get_entry(session, entry.code, actor=person if isinstance(person, Actor) else actor_for(person))
