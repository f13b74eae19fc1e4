"""Run one job, remember how it went."""

import logging

from server.container import Container
from server.jobs.registry import Job
from services.jobs import note_run

log = logging.getLogger(__name__)


def run_job(container: Container, job: Job) -> bool:
    """Run it; a failure is logged and noted, and never stops the other jobs. True where it went well."""
    started = container.now()
    try:
        outcome, note = "ok", job.run(container)
    except Exception as error:  # one broken job must not stop the clock
        log.exception("job failed id=%s", job.id)
        outcome, note = "failed", type(error).__name__
    with container.unit_of_work() as session:
        note_run(session, job.id, started_at=started, finished_at=container.now(), outcome=outcome, note=note)
    log.info("job id=%s outcome=%s note=%s", job.id, outcome, note)
    return outcome == "ok"
