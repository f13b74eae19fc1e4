"""Attendants 值班员: who stands at a shared device, by a PIN."""

from apiflask import APIBlueprint

from domain.errors import Invalid
from domain.local_time import iso
from miniprogram_api.http.auth import current_actor, device_actor
from miniprogram_api.http.context import deps
from miniprogram_api.schemas.desk_people import AttendantsOut, OnDutyOut, PinIn, TakeDeskIn
from services.desk import attendants

bp = APIBlueprint("attendants", __name__, url_prefix="/api/v1", tag="服务台 Desk")


@bp.get("/desk/<centre>/attendants")
@bp.output(AttendantsOut)
def list_attendants(centre: str) -> AttendantsOut:
    """Whoever is staff of this centre today, and whether they have set a PIN."""
    today = deps().options.today(deps().now())
    with deps().read() as session:
        return AttendantsOut.of(attendants.list_attendants(session, centre, actor=device_actor(), today=today))


@bp.put("/me/desk-pin")
@bp.input(PinIn)
@bp.output({}, status_code=204)
def set_pin(json_data: PinIn) -> tuple[str, int]:
    """Set one's own PIN: 4–6 digits. Tokens taken with the old one end."""
    with deps().unit_of_work() as session:
        attendants.set_pin(session, json_data.pin, actor=current_actor(), now=deps().now())
    return "", 204


@bp.post("/desk/<centre>/attendant")
@bp.input(TakeDeskIn)
@bp.output(OnDutyOut)
def take_desk(centre: str, json_data: TakeDeskIn) -> OnDutyOut:
    """Take the desk with a PIN: a token for the header X-Attendant, for eight hours. Five wrong ones rest it 15 min."""
    actor, now, attendant = device_actor(), deps().now(), json_data.attendant
    today = deps().options.today(now)
    with deps().unit_of_work() as session:
        put_off = attendants.count_try(session, centre, attendant, actor=actor, today=today, now=now)
    if put_off is not None:
        raise put_off
    try:
        with deps().read() as session:  # hashing takes its time: no writer waits for it
            on_duty = attendants.check_pin(
                session, centre, attendant, json_data.pin, actor=actor, today=today, signer=deps().signer, now=now
            )
    except Invalid:
        with deps().unit_of_work() as session:
            attendants.note_failure(session, attendant, actor=actor, now=now)
        raise
    with deps().unit_of_work() as session:
        attendants.forget_failures(session, attendant)
    return OnDutyOut(token=on_duty.token, name=on_duty.name, expires_at=iso(on_duty.expires_at, deps().options.zone))
