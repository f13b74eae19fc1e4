"""/healthz: the process. /readyz: database, migrations, index. /metrics: Prometheus figures."""

import ipaddress
import os
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from server.container import Container
from server.migrate import head_revision
from services.jobs import heartbeat_age


def install(container: Container) -> Blueprint:
    """The blueprint, bound to what it looks at."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @blueprint.get("/readyz")
    def readyz() -> tuple[Response, int]:
        findings = readiness(container)
        ready = all(findings[part] == "ok" for part in ("database", "migrations", "index"))
        return jsonify(status="ok" if ready else "not_ready", **findings), 200 if ready else 503

    @blueprint.get("/metrics")
    def metrics() -> Response:
        if not container.settings.is_demo and not _from_inside():
            abort(404)
        return Response(_figures(), content_type=CONTENT_TYPE_LATEST)

    return blueprint


def readiness(container: Container) -> dict[str, Any]:
    """What must be there to answer; the scheduler's heartbeat age is reported only (decision 37)."""
    findings: dict[str, Any] = {"database": "ok", "migrations": "ok", "index": "ok", "scheduler_age_seconds": None}
    try:
        with container.read() as session:
            stamped = session.scalar(text("SELECT version_num FROM alembic_version"))
            findings["scheduler_age_seconds"] = heartbeat_age(session, now=container.now())
    except SQLAlchemyError as error:
        return findings | {"database": type(error).__name__, "migrations": "unknown"}
    if stamped != head_revision():
        findings["migrations"] = f"at {stamped}, wanted {head_revision()}"
    if not container.text_index.is_ready():
        findings["index"] = "building"
    return findings


def _from_inside() -> bool:
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_private and "X-Forwarded-For" not in request.headers
    except ValueError:
        return False


def _figures() -> bytes:
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no types here
        return generate_latest(registry)
    return generate_latest(REGISTRY)
