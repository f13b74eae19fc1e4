"""The clockwork by hand."""

import click

from server.cli.context import container
from server.jobs.registry import jobs_for
from server.jobs.running import run_job as run
from services.jobs import last_runs


@click.command()
def jobs() -> None:
    """Every job with its pace and its last result."""
    deps = container()
    with deps.read() as session:
        runs = last_runs(session)
    for job in jobs_for(deps):
        last = runs.get(job.id)
        told = f"{last.started_at:%m-%d %H:%M:%S}Z {last.outcome} {last.note}" if last else "never"
        click.echo(f"{job.id:28} every {job.every_seconds:>4} s   last: {told}")


@click.command("run-job")
@click.argument("job_id")
def run_job(job_id: str) -> None:
    """Run one job now."""
    deps = container()
    found = next((job for job in jobs_for(deps) if job.id == job_id), None)
    if found is None:
        raise click.ClickException(f"no job {job_id}; see: jobs")
    if not run(deps, found):
        raise SystemExit(1)
