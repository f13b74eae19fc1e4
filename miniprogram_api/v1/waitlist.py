"""The wait-list 候补: get in line, answer an offer, leave."""

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from miniprogram_api.http.auth import current_actor
from miniprogram_api.http.context import deps
from miniprogram_api.schemas.waitlist import (
    DeskWaitIn,
    EntriesQuery,
    EntryChange,
    EntryDetailOut,
    EntryOut,
    EntryPage,
    WaitIn,
)
from services.waitlist import answering as waitlist
from services.waitlist import standing as waitlist_standing
from services.waitlist import views as waitlist_views
from services.waitlist.joining import Join
from services.waitlist.joining import join as get_in_line
from services.waitlist.views import EntryView

bp = APIBlueprint("waitlist", __name__, url_prefix="/api/v1", tag="候补 Wait-list")


@bp.post("/waitlist")
@bp.input(WaitIn)
@bp.output(EntryOut, status_code=201)
def join(json_data: WaitIn) -> tuple[EntryOut, int]:
    """Wait for a place; the same `client_uuid` again answers 200 with the first entry."""
    return _join(json_data.command(actor=current_actor()))


@bp.post("/desk/<centre>/waitlist")
@bp.input(DeskWaitIn)
@bp.output(EntryOut, status_code=201)
def join_by_desk(centre: str, json_data: DeskWaitIn) -> tuple[EntryOut, int]:
    """Put a guest without a phone in line, by name or plate; the offer appears on the board."""
    return _join(json_data.command(actor=current_actor(), centre=centre))


@bp.get("/waitlist")
@bp.input(EntriesQuery, location="query")
@bp.output(EntryPage)
def list_entries(query_data: EntriesQuery) -> EntryPage:
    """One's own entries, the newest first."""
    actor, now, page = current_actor(), deps().now(), query_data
    with deps().read() as session:
        found, total = waitlist_views.list_own_entries(
            session, actor.person_id, offset=page.offset, limit=page.per_page
        )
        seen = waitlist_standing.standings(session, found, options=deps().options, now=now)
    items = [EntryOut.of(one, actor=actor, cipher=deps().cipher, now=now) for one in seen]
    return EntryPage.of_items(items, total, page)


@bp.get("/waitlist/<entry_id>")
@bp.output(EntryDetailOut)
def show_entry(entry_id: str) -> EntryDetailOut:
    """One entry with its position and the log of offers, for its person or the desk of its centre."""
    with deps().read() as session:
        entry = waitlist_views.get_entry(session, entry_id, actor=current_actor())
        return _detail(session, entry)


@bp.patch("/waitlist/<entry_id>")
@bp.input(EntryChange)
@bp.output(EntryDetailOut)
def change_entry(entry_id: str, json_data: EntryChange) -> EntryDetailOut:
    """Want offers at night, or not."""
    return _act(waitlist.set_no_night_offers, entry_id, wanted=json_data.no_night_offers)


@bp.post("/waitlist/<entry_id>/accept")
@bp.output(EntryDetailOut)
def accept(entry_id: str) -> EntryDetailOut:
    """Take the offered place; `booking` is the code of the booking."""
    return _act(waitlist.accept, entry_id, cipher=deps().cipher)


@bp.post("/waitlist/<entry_id>/decline")
@bp.output(EntryDetailOut)
def decline(entry_id: str) -> EntryDetailOut:
    """Leave the offered place to the next; waiting ends."""
    return _act(waitlist.decline, entry_id)


@bp.post("/waitlist/<entry_id>/cancel")
@bp.output(EntryDetailOut)
def cancel(entry_id: str) -> EntryDetailOut:
    """Wait no longer."""
    return _act(waitlist.cancel, entry_id)


def _join(command: Join) -> tuple[EntryOut, int]:
    now = deps().now()
    with deps().unit_of_work() as session:
        joined = get_in_line(session, command, cipher=deps().cipher, now=now)
        seen = waitlist_standing.standing(session, joined.entry, options=deps().options, now=now)
    body = EntryOut.of(seen, actor=command.actor, cipher=deps().cipher, now=now)
    return body, 200 if joined.repeated else 201


def _act(act: Callable[..., EntryView], entry_id: str, **values: Any) -> EntryDetailOut:
    with deps().unit_of_work() as session:
        entry = act(session, entry_id, actor=current_actor(), now=deps().now(), **values)
        return _detail(session, entry)


def _detail(session: Session, entry: EntryView) -> EntryDetailOut:
    now = deps().now()
    seen = waitlist_standing.with_log(session, entry, options=deps().options, now=now)
    return EntryDetailOut.of(seen, actor=current_actor(), cipher=deps().cipher, now=now)
