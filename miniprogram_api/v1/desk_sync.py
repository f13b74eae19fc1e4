"""The desk without a network 离线值班: what it takes along, uploading, and the conflicts that come of it."""

from base64 import urlsafe_b64encode

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from domain.desk import who_text
from domain.local_time import iso
from miniprogram_api.http.auth import current_actor
from miniprogram_api.http.context import deps
from miniprogram_api.schemas.centres import CentreRef
from miniprogram_api.schemas.desk_sync import (
    ConflictOut,
    ConflictsOut,
    KeyOut,
    OfflineBookingOut,
    OfflineOut,
    SettleIn,
    SyncIn,
    SyncOut,
    SyncResultOut,
)
from services.centre.catalogue import CentreFacts
from services.desk import conflicts as desk_conflicts
from services.desk import offline as desk_offline
from services.desk import scope as desk_centre
from services.desk import settling as desk_settle
from services.desk import sync as syncing
from services.desk.conflicts import ConflictView
from services.desk.lines import name_behind, names_of

bp = APIBlueprint("desk_sync", __name__, url_prefix="/api/v1/desk", tag="服务台 Desk")
TAKEN = "desk.offline"


@bp.get("/<centre>/offline")
@bp.output(OfflineOut)
def show_offline(centre: str) -> OfflineOut:
    """Our public keys and the guests to come, for the time without a network; audited once a day."""
    actor, now, signer = current_actor(), deps().now(), deps().signer
    with deps().read() as session:
        pack = desk_offline.offline_pack(session, centre, actor=actor, cipher=deps().cipher, now=now)
        noted = desk_centre.is_noted(session, pack.centre, actor, TAKEN, now=now)
    if not noted:
        with deps().unit_of_work() as session:
            desk_centre.note_look(session, pack.centre, actor, TAKEN, now=now)
    public = urlsafe_b64encode(signer.public_key()).rstrip(b"=").decode()
    return OfflineOut(
        keys=[KeyOut(id=signer.key_id, alg="Ed25519", public_key=public)],
        centre=CentreRef(code=pack.centre.code, name=pack.centre.name),
        services=[service.code for service in pack.centre.services],
        bookings=[OfflineBookingOut.of(line) for line in pack.lines],
        at=iso(now, pack.centre.tz),
    )


@bp.post("/<centre>/sync")
@bp.input(SyncIn)
@bp.output(SyncOut)
def sync(centre: str, json_data: SyncIn) -> SyncOut:
    """Take in what a device did without a network: one result per item, in order; sent again, the same."""
    keys = {deps().signer.key_id: deps().signer.public_key()}
    upload = json_data.to_upload(actor=current_actor(), centre=centre, keys=keys)
    with deps().unit_of_work() as session:
        results = syncing.sync(session, upload, cipher=deps().cipher, now=deps().now())
    return SyncOut(items=[SyncResultOut.of(item) for item in results])


@bp.get("/<centre>/conflicts")
@bp.output(ConflictsOut)
def list_conflicts(centre: str) -> ConflictsOut:
    """What staff still have to settle, the oldest first."""
    with deps().read() as session:
        facts = desk_centre.desk_centre(session, centre, current_actor())
        found = desk_conflicts.open_conflicts(session, facts)
        return ConflictsOut(items=_rendered(session, facts, found))


@bp.post("/<centre>/conflicts/<int:conflict_id>/settle")
@bp.input(SettleIn)
@bp.output(ConflictOut)
def settle_conflict(centre: str, conflict_id: int, json_data: SettleIn) -> ConflictOut:
    """Settle one: in a unit from now on, or by a note."""
    with deps().unit_of_work() as session:
        facts, conflict = desk_settle.settle(
            session,
            centre,
            conflict_id,
            actor=current_actor(),
            unit=json_data.unit or None,
            note=json_data.note or None,
            cipher=deps().cipher,
            now=deps().now(),
        )
        return _rendered(session, facts, [conflict])[0]


def _rendered(session: Session, centre: CentreFacts, conflicts: list[ConflictView]) -> list[ConflictOut]:
    names = names_of(session, (conflict.person_id for conflict in conflicts))
    return [
        ConflictOut.of(c, who_text(name_behind(c.person_id, c.guest_cipher, names, deps().cipher)), centre.tz)
        for c in conflicts
    ]
