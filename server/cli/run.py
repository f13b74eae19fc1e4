"""`serve`: the web process. `up`: what `make run` starts — web, scheduler and stand-in WeChat, kept running."""

import os
import socket
import sys
import urllib.error
import urllib.request

import click

from server.cli.supervise import Program, Supervisor
from server.settings import Settings

GUNICORN = ("-m", "gunicorn", "--config", "python:server.gunicorn_conf", "server.wsgi:app")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="Default: LIANYI_PORT, else 8000.")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True)
@click.option("--no-scheduler", is_flag=True, help="The web process alone; the scheduler runs elsewhere.")
def serve(host: str, port: int | None, workers: int, no_scheduler: bool) -> None:
    """The web process (gunicorn), and the scheduler beside it unless told otherwise."""
    settings = Settings.from_env()
    port = port or settings.port
    refuse_taken_port(host, port)
    web = web_command(host, port, workers)
    os.environ["LIANYI_PORT"] = str(port)
    if no_scheduler:
        os.execv(web[0], web)
    supervisor = Supervisor([Program("web", web), Program("scheduler", own_command("scheduler"))])
    sys.exit(supervisor.run())


def run_everything(settings: Settings, *, host: str, port: int, workers: int) -> int:
    """Web, scheduler and, in the demo, the stand-in WeChat server, until Ctrl-C."""
    refuse_taken_port(host, port)
    programs = [
        Program("web", web_command(host, port, workers)),
        Program("scheduler", own_command("scheduler")),
    ]
    if settings.is_demo:
        refuse_taken_port("127.0.0.1", settings.standin_port)
        programs.insert(
            0, Program("wechat-standin", own_command("wechat-standin", "--port", str(settings.standin_port)))
        )
    address = f"http://127.0.0.1:{port}"
    supervisor = Supervisor(
        programs,
        ready=lambda: answers(f"{address}/healthz"),
        announce=lambda: click.echo(f"链驿 Lianyi is ready: {address}  (Ctrl-C stops everything)"),
    )
    return supervisor.run()


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
        with urllib.request.urlopen(url, timeout=0.5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
