"""Who is behind a request: one guard in front of every endpoint, by the table in `domain/permissions`."""

from apiflask import HTTPTokenAuth
from flask import g, request

from domain.errors import NotAllowed, NotSignedIn
from domain.permissions import ACTIONS, ANYONE, GUEST, SIGNED_IN, Actor, access_of
from miniprogram_api.http.context import deps
from services.desk.attendants import attendant_of
from services.people import authenticate

API_PREFIX = "/api/v1/"
DEVICE_ONLY = "attendants"
"""Who shares a device, and taking the desk on it: always the signed-in account."""
GUESTS_PLACES = frozenset(
    {
        "bookings.show_booking",
        "bookings.cancel_booking",
        "booking_changes.move",
        "booking_changes.be_late",
        "booking_changes.extend",
        "waitlist.show_entry",
        "waitlist.change_entry",
        "waitlist.accept",
        "waitlist.decline",
        "waitlist.cancel",
    }
)
"""What the desk does for a guest by the same endpoints as the guest."""
DEVICE_HEADER_MAX = 64

# For the OpenAPI document only: the guard below does the work for every endpoint alike.
bearer = HTTPTokenAuth(scheme="Bearer")


def guard() -> None:
    """Before each request: read the token, and let in whom the table lets in.

    Raises NotSignedIn (401) for a stranger, NotAllowed (403) for the wrong role. An endpoint
    without an entry in the table is refused to everyone. A guest endpoint ignores a bad token
    unless it is there: a token that ran out is said, so that nobody acts as a guest unknowingly.
    """
    if request.endpoint is None or not request.path.startswith(API_PREFIX):
        return
    access = access_of(request.endpoint)
    if access == ANYONE:
        return
    token = bearer_token()
    g.actor = g.device_actor = _authenticate(token) if token else None
    if g.actor is not None and _is_desk_work(request.endpoint, access):
        g.actor = _attendant(g.actor)
    if access == GUEST:
        return
    if g.actor is None:
        raise NotSignedIn("sign_in_required")
    if access == SIGNED_IN:
        return
    if access is None or isinstance(access, str) or not g.actor.has_role(*access):
        raise NotAllowed("not_allowed")


def _is_desk_work(endpoint: str, access: object) -> bool:
    """Whether an attendant of a shared device acts here; one's own lists, bookings, marks, bot are the account's."""
    if endpoint.partition(".")[0] == DEVICE_ONLY:
        return False
    return endpoint in GUESTS_PLACES or access == ACTIONS["desk.run"]


def bearer_token() -> str | None:
    """The token of the Authorization header, if any."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def device_id() -> str | None:
    """The random id the client keeps for itself; absent is fine."""
    value = request.headers.get("X-Device-Id", "").strip()
    return value[:DEVICE_HEADER_MAX] or None


def _authenticate(token: str) -> Actor:
    now = deps().now()
    with deps().read() as session:
        return authenticate(session, token, device_id=device_id(), now=now, today=deps().options.today(now))


def _attendant(actor: Actor) -> Actor:
    """Whoever took the desk on this device with a PIN (header X-Attendant), else the account itself."""
    token = request.headers.get("X-Attendant", "").strip()
    if not token or not actor.has_role(*ACTIONS["desk.run"]):
        return actor
    now = deps().now()
    with deps().read() as session:
        return attendant_of(session, token, actor=actor, today=deps().options.today(now), signer=deps().signer, now=now)


def device_actor() -> Actor:
    """The account that is signed in on this device, whoever took the desk. Raises NotSignedIn where there is none."""
    actor: Actor | None = g.get("device_actor")
    if actor is None:
        raise NotSignedIn("sign_in_required")
    return actor


def optional_actor() -> Actor | None:
    """The signed-in person, or None for a guest."""
    actor: Actor | None = g.get("actor")
    return actor


def current_actor() -> Actor:
    """The signed-in person. Raises NotSignedIn where there is none."""
    actor = optional_actor()
    if actor is None:
        raise NotSignedIn("sign_in_required")
    return actor
