"""The clock of the wait-list."""

import logging

from sqlalchemy.exc import SQLAlchemyError

from domain.errors import Refusal
from server.container import Container
from services.waitlist import jobs as waitlist_jobs

log = logging.getLogger(__name__)


def serve_waitlists(container: Container) -> str:
    """Deadlines and free places of every wait-list (候补递补); a service in trouble does not hold up the others."""
    now = container.now()
    with container.read() as session:
        due = waitlist_jobs.services_to_serve(session, now=now)
    offered = lapsed = over = failed = 0
    for service_id in due:
        try:
            with container.unit_of_work() as session:
                done = waitlist_jobs.serve(session, service_id, now=now)
        except (Refusal, SQLAlchemyError):
            log.exception("wait-list not served service=%s", service_id)
            failed += 1
            continue
        offered, lapsed, over = offered + done.offered, lapsed + done.lapsed, over + done.over
    return f"{offered} offered, {lapsed} lapsed, {over} over" + (f", {failed} services failed" if failed else "")
