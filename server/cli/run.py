"""`serve`: the web process. `scheduler`: the clockwork. `up`: what `make run` starts — everything, kept running."""

import logging
import os
import socket
import sys
import urllib.error
import urllib.request

import click

from server.cli.context import container, database_errors_said, settings
from server.cli.supervise import Program, Supervisor
from server.container import Container

GUNICORN = ("-m", "gunicorn", "--config", "python:server.gunicorn_conf", "server.wsgi:app")
LOG_LINE = "%(asctime)s %(levelname)s %(name)s %(message)s"

host_option = click.option("--host", default="127.0.0.1", show_default=True)
port_option = click.option("--port", type=click.IntRange(1, 65535), help="Default: LIANYI_PORT, else 8000.")
workers_option = click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True)


@click.command()
@host_option
@port_option
@workers_option
@click.option("--no-scheduler", is_flag=True, help="The web process alone; the scheduler runs elsewhere.")
def serve(host: str, port: int | None, workers: int, no_scheduler: bool) -> None:
    """The web process (gunicorn), with the scheduler beside it unless told otherwise."""
    use_port(port)
    port = settings().port
    refuse_taken_port(host, port)
    web = web_command(host, port, workers)
    if no_scheduler:
        os.execv(web[0], web)
    say_events()
    sys.exit(Supervisor([Program("web", web), Program("scheduler", own_command("scheduler"))]).run())


@click.command()
def scheduler() -> None:
    """The one scheduler process; a second one waits for the lease."""
    from server.scheduler import main
    from server.web.request_log import configure_logging

    configure_logging(settings().log_format)
    main(container())


@click.command()
@host_option
@port_option
@workers_option
def up(host: str, port: int | None, workers: int) -> None:
    """Migrate, seed the demo when empty, then web, scheduler and stand-in WeChat until Ctrl-C."""
    use_port(port)
    deps = container(any_schema=True)
    chosen = deps.settings
    say_events()
    refuse_taken_port(host, chosen.port)
    programs = [
        Program("web", web_command(host, chosen.port, workers)),
        Program("scheduler", own_command("scheduler"), waits=True),
    ]
    if chosen.is_demo:
        refuse_taken_port("127.0.0.1", chosen.standin_port)
        programs.insert(0, Program("wechat-standin", own_command("wechat-standin", "--port", str(chosen.standin_port))))
    with database_errors_said():
        prepare(deps)
    address = f"http://127.0.0.1:{chosen.port}"
    supervisor = Supervisor(
        programs,
        ready=lambda: answers(f"{address}/readyz"),
        announce=lambda: click.echo(f"链驿 Lianyi is ready: {address}  (Ctrl-C stops everything)"),
    )
    sys.exit(supervisor.run())


def prepare(deps: Container) -> None:
    """The schema to head, and the demo district into an empty database, or kept alive in one that has it."""
    from sqlalchemy import select

    from models.people import Person
    from server.migrate import current_revision, head_revision, migrate

    engine = deps.database.engine
    if current_revision(engine) != head_revision():
        click.echo("migrating the database")
        migrate(engine)
    if not deps.settings.is_demo:
        return
    with deps.read() as session:
        empty = session.scalar(select(Person.id).limit(1)) is None
    if empty:
        from server.demo.district import seed_demo, seed_reference

        click.echo("filling the demo district")
        with deps.unit_of_work() as session:
            seed_reference(session)
            seed_demo(session, deps, now=deps.now())
    else:
        from server.jobs.demo_jobs import keep_alive

        keep_alive(deps)  # now, not when the scheduler holds its lease: a lease left by a killed one must run out
    deps.database.dispose()


def use_port(port: int | None) -> None:
    """A port given on the command line is the port of every process started from here."""
    if port is not None:
        os.environ["LIANYI_PORT"] = str(port)


def say_events() -> None:
    logging.basicConfig(level=logging.INFO, format=LOG_LINE)


def web_command(host: str, port: int, workers: int) -> tuple[str, ...]:
    return (sys.executable, *GUNICORN, "--bind", f"{host}:{port}", "--workers", str(workers))


def own_command(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "server", *arguments)


def refuse_taken_port(host: str, port: int) -> None:
    """Say at once that a port is taken, instead of restarting for ever. Raises ClickException."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(
                f"port {port} on {host} is taken ({error.strerror}); choose another with PORT="
            ) from error


def answers(url: str) -> bool:
    """Whether something says 200 there now."""
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
