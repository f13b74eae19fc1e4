"""healthz, readyz, metrics, the H5 page and printed links."""

import re

import pytest
from apiflask import APIFlask

from server.container import Container
from tests.conftest import Caller


def test_the_process_answers(guest: Caller) -> None:
    assert guest.get("/healthz").json == {"status": "ok"}


def test_readiness_names_each_part(guest: Caller) -> None:
    answer = guest.get("/readyz")
    assert answer.status_code == 200
    assert (answer.json["database"], answer.json["migrations"], answer.json["index"]) == ("ok", "ok", "ok")
    assert answer.json["scheduler_age_seconds"] is None


def test_an_index_that_is_not_built_is_not_ready(
    guest: Caller, container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container.text_index, "is_ready", lambda: False)
    answer = guest.get("/readyz")
    assert (answer.status_code, answer.json["index"]) == (503, "building")


def test_metrics_count_requests(guest: Caller) -> None:
    guest.get("/app-config")
    assert "lianyi_requests_total" in guest.get("/metrics").text


def test_the_openapi_document_and_its_page_are_there(guest: Caller) -> None:
    assert guest.get("/openapi.json").json["info"]["title"] == "链驿 Lianyi"
    page = guest.http.get("/docs").text
    links = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert links
    assert all(link.startswith("/docs/assets/") for link in links)
    assert all(guest.http.get(link, buffered=True).status_code == 200 for link in links)


@pytest.mark.parametrize(
    ("link", "page"),
    [
        ("/q/checkin/ACT1.ABCDEF", "/#/pages/activities/check-in?activity=ACT1&c=ACT1.ABCDEF"),
        ("/q/booking/K7M2QX4P", "/#/pages/bookings/pass?code=K7M2QX4P"),
        ("/q/policy/Q01", "/#/pages/policies/detail?code=Q01"),
    ],
)
def test_a_printed_link_opens_its_page(guest: Caller, link: str, page: str) -> None:
    answer = guest.get(link)
    assert (answer.status_code, answer.headers["Location"]) == (302, page)


def test_a_printed_link_never_leaves_the_site(app: APIFlask) -> None:
    answer = app.test_client().get("/q/booking/%0d%0aLocation:%20http://evil")
    assert answer.status_code in (302, 404)
    assert "evil" not in answer.headers.get("Location", "").split("#")[0]
    assert app.test_client().get("/q/nothing/x").headers["Location"] == "/#/pages/services/index"


@pytest.mark.rule("O16")
@pytest.mark.parametrize("path", ["/", "/healthz", "/api/v1/centres", "/api/v1/me", "/q/booking/K7M2QX4P", "/no-such"])
def test_every_answer_is_safe_in_a_browser(app: APIFlask, path: str) -> None:
    answer = app.test_client().get(path, headers={"Origin": "https://evil.example"}, buffered=True)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


@pytest.mark.rule("O16")
def test_the_page_runs_no_foreign_script(app: APIFlask) -> None:
    policy = app.test_client().get("/", buffered=True).headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "script-src" not in policy
