"""Gunicorn's settings: two workers of eight threads, each loading the app itself.

The app is not loaded before the fork: open SQLite handles and threads must not be shared by workers.
"""

import os
import shutil
import tempfile
import threading
from typing import Any

worker_class = "server.web.worker.Worker"  # gthread with our refusals
workers = 2
threads = 8
backlog = 512
timeout = 60
graceful_timeout = 10
keepalive = 15
max_requests = 0
limit_request_line = 8190  # a question of 800 Chinese characters in `?q=`
preload_app = False
accesslog = None  # the app writes one line per request itself, with its request id
errorlog = "-"
loglevel = "warning"
# Its default lies in the home directory, which may be missing or read-only.
control_socket_disable = True


def on_starting(_server: Any) -> None:
    """One folder for the figures of all workers, known before they fork."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="lianyi-metrics-")


def post_worker_init(worker: Any) -> None:
    """Load what the first question would wait for: the bot's words and the text index."""
    warm_up = getattr(worker.app.wsgi(), "extensions", {}).get("warm_up")
    if warm_up is not None:
        threading.Thread(target=warm_up, name="warm-up", daemon=True).start()


def child_exit(_server: Any, worker: Any) -> None:
    """A dead worker's gauges no longer count; its counters stay."""
    # Late: the library decides at import whether figures are shared, so the folder must be known by then.
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # the library has no types here


def on_exit(_server: Any) -> None:
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
