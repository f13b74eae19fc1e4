"""Changes that are looked at before they are done: the same call with and without `apply`."""

from collections.abc import Callable
from typing import Any

from miniprogram_api.http.context import deps
from miniprogram_api.schemas.closures import ChangeAnswer, Look
from services.centre.displacing import Proposal


def look_or_apply(change: Callable[..., Proposal], *what: Any, look: Look, **more: Any) -> ChangeAnswer:
    """What would happen, read alone; with `apply`, and with what was seen, it is written."""
    with deps().unit_of_work() if look.apply else deps().read() as session:
        proposal = change(
            session, *what, apply=look.apply, seen=look.seen, cipher=deps().cipher, now=deps().now(), **more
        )
    return ChangeAnswer.of(proposal, applied=look.apply)
