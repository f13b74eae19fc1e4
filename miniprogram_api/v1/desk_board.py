"""The board of a centre's desk 值班台: who comes, finding a guest, walking in, arriving with a pass."""

from apiflask import APIBlueprint

from domain.errors import Invalid
from domain.local_time import local_day
from miniprogram_api.http.auth import current_actor
from miniprogram_api.http.context import deps
from miniprogram_api.schemas.bookings import BookingOut
from miniprogram_api.schemas.desk import ArrivedOut, ArriveIn, FindQuery, WalkInIn
from miniprogram_api.schemas.desk_board import BoardOut, BoardQuery, FoundBookingOut, FoundOut
from services.desk import admitting as booking_desk
from services.desk import board as desk_board
from services.desk import finding as desk_find
from services.desk import scope as desk_centre
from services.desk import walk_ins
from services.desk.admitting import Keys

bp = APIBlueprint("desk_board", __name__, url_prefix="/api/v1/desk", tag="服务台 Desk")
LOOKED = "desk.board"


@bp.get("/<centre>/board")
@bp.input(BoardQuery, location="query")
@bp.output(BoardOut)
def show_board(centre: str, query_data: BoardQuery) -> BoardOut:
    """The day's guests, last night's, units as they are now, who waits, what is to settle; audited once a day."""
    actor, now = current_actor(), deps().now()
    with deps().read() as session:
        board = desk_board.read_board(session, centre, query_data.day, actor=actor, cipher=deps().cipher, now=now)
        noted = desk_centre.is_noted(session, board.centre, actor, LOOKED, now=now)
    if not noted:
        with deps().unit_of_work() as session:
            desk_centre.note_look(session, board.centre, actor, LOOKED, now=now)
    return BoardOut.of(board, now=now)


@bp.get("/<centre>/find")
@bp.input(FindQuery, location="query")
@bp.output(FoundOut)
def find(centre: str, query_data: FindQuery) -> FoundOut:
    """A guest by code, pass, plate or its last four, or name; each look is audited."""
    actor, now = current_actor(), deps().now()
    with deps().read() as session:
        found = desk_find.find(
            session, centre, query_data.q, actor=actor, cipher=deps().cipher, keys=pass_keys(), now=now
        )
    with deps().unit_of_work() as session:
        desk_find.note_find(session, found, actor, now=now)
    today = local_day(now, found.centre.tz)
    return FoundOut(items=[FoundBookingOut.found(line, today, now=now) for line in found.lines])


@bp.post("/<centre>/walk-ins")
@bp.input(WalkInIn)
@bp.output(BookingOut, status_code=201)
def walk_in(centre: str, json_data: WalkInIn) -> tuple[BookingOut, int]:
    """Give a place at once to whoever stands there; the same `client_uuid` again answers 200 with the first."""
    actor, now = current_actor(), deps().now()
    with deps().unit_of_work() as session:
        command = json_data.to_command(actor=actor, centre=centre)
        booked = walk_ins.walk_in(session, command, cipher=deps().cipher, now=now)
    return BookingOut.of(booked.booking, actor=actor, deps=deps(), now=now), 200 if booked.repeated else 201


@bp.post("/<centre>/arrivals")
@bp.input(ArriveIn)
@bp.output(ArrivedOut)
def arrive(centre: str, json_data: ArriveIn) -> ArrivedOut:
    """Let a guest in by the pass or the code they show; shown again it answers as the first time."""
    actor, now = current_actor(), deps().now()
    if (json_data.signed_pass is None) == (json_data.code is None):
        raise Invalid("invalid", fields={"pass": ["pass or code"]})
    with deps().unit_of_work() as session:
        arrived = booking_desk.arrive(session, json_data.to_command(centre), actor=actor, keys=pass_keys(), now=now)
    return ArrivedOut.of_arrival(arrived, actor=actor, deps=deps(), now=now)


def pass_keys() -> Keys:
    """The public keys that our passes are signed with, by their id."""
    return {deps().signer.key_id: deps().signer.public_key()}
