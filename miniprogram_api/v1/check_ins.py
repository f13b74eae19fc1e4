"""Checking in 签到: the host's rotating code, scan tickets, scans, the host's list."""

from apiflask import APIBlueprint

from miniprogram_api.http.auth import current_actor
from miniprogram_api.http.context import deps
from miniprogram_api.schemas.activities import local
from miniprogram_api.schemas.check_ins import (
    AttendanceOut,
    AttendanceQuery,
    CheckInIn,
    CheckInOut,
    DisplayCodeOut,
    HeadCountIn,
    HeadCountOut,
    ScanIn,
    ScanTicketOut,
)
from services import attendance, attendance_list, audit, scan_tickets

bp = APIBlueprint("check_ins", __name__, url_prefix="/api/v1", tag="签到 Check-in")


@bp.get("/activities/<code>/display-code")
@bp.output(DisplayCodeOut)
def show_display_code(code: str) -> DisplayCodeOut:
    """For the host's screen: the code of now and of the next five minutes, to be kept in page memory only."""
    now = deps().now()
    with deps().read() as session:
        shown = scan_tickets.display_code(
            session, code, actor=current_actor(), signer=deps().signer, base_url=deps().options.base_url, now=now
        )
        return DisplayCodeOut.of(shown, now=now)


@bp.post("/activities/<code>/scan-tickets")
@bp.input(ScanIn)
@bp.output(ScanTicketOut, status_code=201)
def issue_scan_ticket(code: str, json_data: ScanIn) -> ScanTicketOut:
    """Turn what the scanner saw into a ticket of five minutes; signing in can wait."""
    with deps().read() as session:
        return ScanTicketOut.of(
            scan_tickets.issue_scan_ticket(session, code, json_data.qr, signer=deps().signer, now=deps().now())
        )


@bp.post("/activities/<code>/check-ins")
@bp.input(CheckInIn)
@bp.output(CheckInOut, status_code=201)
def check_in(code: str, json_data: CheckInIn) -> tuple[CheckInOut, int]:
    """Check in with a scan ticket. 200 where already in; a refused scan is kept as well."""
    actor = current_actor()
    device_hash = deps().cipher.keyed_hash("device", actor.device_id) if actor.device_id else None
    command = json_data.to_command(code, device_hash)
    with deps().unit_of_work() as session:
        outcome = attendance.check_in(session, command, actor=actor, signer=deps().signer, now=deps().now())
    if outcome.refusal is not None:
        raise outcome.refusal
    return CheckInOut.of(outcome), 201 if outcome.is_first else 200


@bp.get("/activities/<code>/attendance")
@bp.input(AttendanceQuery, location="query")
@bp.output(AttendanceOut)
def list_attendance(code: str, query_data: AttendanceQuery) -> AttendanceOut:
    """Who is expected, registered, there. Every look at named people is written to the audit log."""
    now, actor = deps().now(), current_actor()
    with deps().read() as session:
        found = attendance_list.attendance(
            session, code, actor=actor, now=now, page=query_data.page, per_page=query_data.per_page
        )
        shown = AttendanceOut.of(found, page=query_data.page, per_page=query_data.per_page)
        activity_id = found.activity.id
    with deps().unit_of_work() as session:
        audit.record(
            session,
            person_id=actor.person_id,
            action="attendance.read",
            subject_kind="activity",
            subject_id=activity_id,
            details={"page": query_data.page, "rows": len(shown.items)},
            now=now,
        )
    return shown


@bp.post("/activities/<code>/head-count")
@bp.input(HeadCountIn)
@bp.output(HeadCountOut, status_code=201)
def count_heads(code: str, json_data: HeadCountIn) -> tuple[HeadCountOut, int]:
    """Heads counted in the room, beside the check-ins."""
    with deps().unit_of_work() as session:
        row, present, activity, is_new = attendance_list.count_heads(
            session, json_data.to_command(code), actor=current_actor(), now=deps().now()
        )
        shown = HeadCountOut(
            heads=row.heads, checked_in=present, gap=row.heads - present, at=local(activity, row.created_at)
        )
        return shown, 201 if is_new else 200
