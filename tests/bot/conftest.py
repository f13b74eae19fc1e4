"""A small district for the bot: our sample policies, centres, one firm, one driver, one party day."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.engine import answer
from bot.messages import IncomingMessage, Reply
from domain.permissions import Actor, GrantFacts
from models.conversation import Conversation
from models.organisation import Org
from retrieval.bigram_index import BigramIndex
from server.demo.district import FOLDER, load
from server.gateways.cipher import AesCipher
from services.centre.importing import import_centres
from services.policy_import import import_org_facts, import_policies
from services.policy_index import policy_documents
from tests.factories import LONG_AGO, create_branch, create_org, create_person, join_branch
from tests.factories_activity import create_activity

_numbers = count(1)
FIRM_FACTS = {
    "region": "yantian",
    "industry": "logistics",
    "size_class": "small",
    "employees": 86,
    "revenue": 6200,
    "rd_expense": 40,
    "transport_licence": True,
    "trucks_owned": 54,
    "nev_trucks": 6,
    "unemp_ins_months": 60,
    "credit_listed": False,
}


@dataclass
class Talk:
    """One speaker's talk: `talk.say("…")` answers with the memory of the sentences before."""

    context: BotContext
    channel: str = "oa"
    replies: list[Reply] = field(default_factory=list)

    def say(self, text: str, **message: Any) -> Reply:
        reply = answer(IncomingMessage(text, self.channel, **message), self.context)
        self.replies.append(reply)
        return reply

    def later(self, **delta: float) -> None:
        self.context.now += timedelta(**delta)


NewTalk = Callable[..., Talk]


@pytest.fixture
def district(session: Session, now: datetime) -> BigramIndex:
    """Policies and centres of our own samples, and the text index over them."""
    payload = {
        "categories": json.loads((FOLDER / "policy_categories.json").read_text("utf-8")),
        "fields": load("policy_fields.json")["fields"],
        "policies": load("sample_policies.json")["policies"],
    }
    import_policies(session, payload, today=now.date(), now=now)
    import_centres(session, load("sample_chains_centres.json"), now=now)
    session.flush()
    return BigramIndex.build(policy_documents(session, today=now.date()))


@pytest.fixture
def firm(session: Session, now: datetime) -> Org:
    org = create_org(session, now=now, name="云港测试集运有限公司")
    return org


@pytest.fixture
def new_talk(session: Session, district: BigramIndex, now: datetime) -> NewTalk:
    """`new_talk(actor)`: a talk of its own, stored like any other."""

    def make(actor: Actor | None = None, **changes: Any) -> Talk:
        person_id = actor.person_id if actor else None
        kept = session.scalar(select(Conversation).where(Conversation.person_id == person_id)) if person_id else None
        if kept is None:
            guest = None if person_id else f"{next(_numbers):064d}"
            kept = Conversation(person_id=person_id, guest_hash=guest, context={}, last_at=now, created_at=now)
            session.add(kept)
            session.flush()
        values = {"session": session, "now": now, "index": district, "actor": actor, "conversation_id": kept.id}
        return Talk(BotContext(**{**values, "cipher": AesCipher("test"), **changes}))

    return make


@pytest.fixture
def contact(session: Session, district: BigramIndex, firm: Org, now: datetime) -> Actor:
    """A firm's contact; the firm's facts are known."""
    import_org_facts(session, firm.id, FIRM_FACTS, today=now.date(), now=now)
    person = create_person(session, now=now)
    return Actor(person.id, (GrantFacts("enterprise_contact", "org", firm.id, LONG_AGO),))


@pytest.fixture
def driver(session: Session, now: datetime) -> Actor:
    person = create_person(session, now=now, zone="male")
    return Actor(person.id, (GrantFacts("driver", "district", None, LONG_AGO),), zone="male")


@pytest.fixture
def member(session: Session, now: datetime) -> Actor:
    """A member whose branch holds a party day in three hours."""
    person, branch = create_person(session, now=now), create_branch(session)
    join_branch(session, person, branch)
    create_activity(session, now=now, branch=branch, starts_in=timedelta(hours=3), title="主题党日：安全驾驶")
    return Actor(person.id, (GrantFacts("member", "branch", branch.id, LONG_AGO),))
