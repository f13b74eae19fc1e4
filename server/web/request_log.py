"""A request id for every request, one log line each, and the figures for /metrics. Ids only."""

import json
import logging
import re
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, g, has_request_context, request
from prometheus_client import Counter, Histogram

log = logging.getLogger("lianyi.request")
ROW_QUOTED = re.compile(
    r"^DETAIL:.*?(?=^(?:CONTEXT:|HINT:|\[SQL: |\(Background |The above |During handling )|\Z)", re.M | re.S
)
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
SLOW_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)

REQUESTS = Counter("lianyi_requests_total", "Requests answered", ["endpoint", "method", "status"])
SECONDS = Histogram("lianyi_request_seconds", "Seconds to answer", ["endpoint"], buckets=SLOW_BUCKETS)


def install(app: Flask) -> None:
    """Count and log each request; the answer carries its id in X-Request-Id."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex[:16]
    g.began = time.perf_counter()


def _end(response: Response) -> Response:
    seconds = time.perf_counter() - g.get("began", time.perf_counter())
    endpoint = request.endpoint or "unknown"
    response.headers["X-Request-Id"] = g.get("request_id", "")
    REQUESTS.labels(endpoint, request.method, response.status_code).inc()
    SECONDS.labels(endpoint).observe(seconds)
    log.info(
        "request endpoint=%s method=%s status=%s ms=%.1f",
        endpoint,
        request.method,
        response.status_code,
        seconds * 1000,
    )
    return response


class _WithRequestId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = g.get("request_id", "-") if has_request_context() else "-"
        return True


class TextFormatter(logging.Formatter):
    """Lines for people; a traceback keeps its error but not the row that PostgreSQL quotes with it."""

    def formatException(self, ei: Any) -> str:
        return ROW_QUOTED.sub("DETAIL: not logged\n", super().formatException(ei))


class JsonFormatter(TextFormatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "request_id": getattr(record, "request_id", "-"),
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure_logging(log_format: str) -> None:
    """Text for people, JSON for machines; the same events in both."""
    handler = logging.StreamHandler()
    handler.addFilter(_WithRequestId())
    text = TextFormatter("%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s")
    handler.setFormatter(JsonFormatter() if log_format == "json" else text)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for chatty in ("apscheduler", "urllib3", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
