"""Sign-in and one's own record."""

from apiflask import APIBlueprint
from flask import request
from sqlalchemy.orm import Session

from domain.errors import NotSignedIn
from domain.permissions import Actor
from miniprogram_api.http.auth import bearer_token, current_actor, device_id
from miniprogram_api.http.context import deps
from miniprogram_api.schemas.people import (
    ClaimIn,
    ClaimOut,
    LinkCodeOut,
    MeIn,
    PersonOut,
    PhoneIn,
    SignInIn,
    SignInOut,
    StaffSignInIn,
)
from services import claims, people, staff
from services.ports import WeChatIdentity

bp = APIBlueprint("people", __name__, url_prefix="/api/v1", tag="人员 People")


@bp.post("/sign-in")
@bp.input(SignInIn)
@bp.output(SignInOut)
def sign_in(json_data: SignInIn) -> SignInOut:
    """Mini-program sign-in 登录: the code of wx.login, exchanged with WeChat on the server."""
    return _sign_in(deps().wechat.code_to_session(json_data.code))


@bp.post("/sign-in/web")
@bp.input(SignInIn)
@bp.output(SignInOut)
def sign_in_web(json_data: SignInIn) -> SignInOut:
    """H5 sign-in inside WeChat: the code of the official account's web OAuth."""
    return _sign_in(deps().wechat.web_oauth(json_data.code))


@bp.post("/sign-in/staff")
@bp.input(StaffSignInIn)
@bp.output(SignInOut)
def sign_in_staff(json_data: StaffSignInIn) -> SignInOut:
    """Staff sign-in 工作人员登录: name, password and, where it is on, the one-time code; ten tries in 15 minutes."""
    now, login, address, cipher = deps().now(), json_data.name, request.remote_addr or "", deps().cipher
    with deps().unit_of_work() as session:
        put_off = staff.count_attempt(session, login, address, cipher=cipher, now=now)
    if put_off is not None:
        raise put_off
    try:
        with deps().read() as session:  # hashing takes its time: no writer waits for it
            person = staff.check_password(session, login, json_data.password, json_data.otp, cipher=cipher, now=now)
    except NotSignedIn:
        with deps().unit_of_work() as session:
            staff.note_failure(session, login, now=now)
        raise
    with deps().unit_of_work() as session:
        staff.clear_attempts(session, login, address, cipher=cipher)
        return _rendered(session, people.issue_token(session, person, device_id=device_id(), now=now))


def _sign_in(identity: WeChatIdentity) -> SignInOut:
    """WeChat was asked before any transaction began; now remember who it is."""
    with deps().unit_of_work() as session:
        signed_in = people.sign_in_wechat(session, identity, device_id=device_id(), now=deps().now())
        return _rendered(session, signed_in)


def _rendered(session: Session, signed_in: people.SignedIn) -> SignInOut:
    now = deps().now()
    today = deps().options.today(now)
    actor = people.authenticate(session, signed_in.token, device_id=device_id(), now=now, today=today)
    return SignInOut.of(signed_in, _me(session, actor))


def _me(session: Session, actor: Actor) -> PersonOut:
    found = people.profile(session, actor, cipher=deps().cipher, today=deps().options.today(deps().now()))
    return PersonOut.of(actor, found)


@bp.post("/sign-out")
@bp.output({}, status_code=204)
def sign_out() -> tuple[str, int]:
    """Revoke this device's token."""
    token = bearer_token()
    with deps().unit_of_work() as session:
        people.sign_out(session, token or "", now=deps().now())
    return "", 204


@bp.get("/me")
@bp.output(PersonOut)
def show_me() -> PersonOut:
    """One's own record."""
    with deps().read() as session:
        return _me(session, current_actor())


@bp.patch("/me")
@bp.input(MeIn)
@bp.output(PersonOut)
def change_me(json_data: MeIn) -> PersonOut:
    """Change name, zone or settings; what is not sent stays."""
    with deps().unit_of_work() as session:
        people.change_me(
            session, current_actor().person_id, name=json_data.name, zone=json_data.zone, settings=json_data.settings
        )
        return _me(session, current_actor())


@bp.post("/me/phone")
@bp.input(PhoneIn)
@bp.output(PersonOut)
def save_phone(json_data: PhoneIn) -> PersonOut:
    """Keep the phone number that WeChat verified; the code comes from the phone-number button.

    Whom a list names by that phone gets the branch and the roles it says.
    """
    phone = deps().wechat.phone_number(json_data.code)
    actor, now = current_actor(), deps().now()
    with deps().unit_of_work() as session:
        people.save_phone(session, actor.person_id, phone, cipher=deps().cipher)
        if claims.claim_by_phone(session, actor.person_id, now=now):
            actor = people.actor_of(session, actor.person_id, today=deps().options.today(now)) or actor
        return _me(session, actor)


@bp.post("/me/claims")
@bp.input(ClaimIn)
@bp.output(ClaimOut)
def claim(json_data: ClaimIn) -> ClaimOut:
    """Use an invitation of a firm or branch, or link the other WeChat account by its one-time code."""
    now = deps().now()
    with deps().unit_of_work() as session:
        used = claims.use(session, json_data.code, actor=current_actor(), now=now, today=deps().options.today(now))
        return ClaimOut(kind=used.kind, name=used.name)


@bp.post("/me/link-code")
@bp.output(LinkCodeOut)
def make_link_code() -> LinkCodeOut:
    """A one-time code, shown here and typed in the other app, that makes both one person."""
    with deps().unit_of_work() as session:
        code, expires_at = claims.make_link_code(session, current_actor().person_id, now=deps().now())
        return LinkCodeOut(code=code, expires_at=expires_at)
