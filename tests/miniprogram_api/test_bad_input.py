"""Whatever a client sends: a stable code, a Chinese sentence, never a 500."""

import pytest

from tests.conftest import Caller, SignIn

SIGN_IN = "/api/v1/sign-in"


@pytest.mark.rule("O10")
@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"{", 400, "malformed"),
        (b"", 400, "malformed"),
        (b"\xff\xfe", 400, "malformed"),
        (b"[" * 100_000, 400, "malformed"),
        (b'{"code": ' + b"9" * 5000 + b"}", 400, "malformed"),
        (b"[]", 422, "invalid"),
        (b'"text"', 422, "invalid"),
        (b"null", 422, "invalid"),
        (b'{"code": {"a": 1}}', 422, "invalid"),
        (b'{"code": 1}', 422, "invalid"),
        (b'{"code": ""}', 422, "invalid"),
        (b'{"code": "a\\u0000b"}', 422, "control_characters"),
        (b'{"code": "\\ud800"}', 422, "control_characters"),
        (b'{"code": "' + b"x" * 5000 + b'"}', 422, "invalid"),
    ],
)
def test_a_broken_body_is_refused_with_a_code(guest: Caller, raw: bytes, status: int, code: str) -> None:
    answer = guest.http.post(SIGN_IN, data=raw, content_type="application/json")
    said = answer.get_json()
    assert (answer.status_code, said["code"]) == (status, code)
    assert said["message"]


@pytest.mark.rule("O10")
def test_a_wrong_method_keeps_the_error_shape(guest: Caller) -> None:
    answer = guest.call("DELETE", "/sign-in")
    assert (answer.status_code, answer.json["code"]) == (405, "method_not_allowed")


@pytest.mark.rule("O10")
def test_a_row_number_beyond_every_database_is_not_found(sign_in: SignIn) -> None:
    me = sign_in()
    for number in ("99999999999999999999", "2147483648", "0"):
        assert me.post(f"/inbox/{number}/read").status_code == 404


@pytest.mark.rule("O10")
@pytest.mark.parametrize("query", ["page=0", "page=x", "per_page=1000", "page=99999999999999999999", "page=%00"])
def test_a_bad_page_is_refused(sign_in: SignIn, query: str) -> None:
    answer = sign_in().get(f"/inbox?{query}")
    assert answer.status_code == 422
    assert answer.json["code"] in ("invalid", "control_characters")


@pytest.mark.rule("O10")
@pytest.mark.parametrize(
    "start", [1795399200, "1795399200", 1795399200.5, None, True, "2026-11-26", "2026-11-26T10:00:00"]
)
def test_a_time_that_is_not_written_as_one_is_refused(sign_in: SignIn, start: object) -> None:
    wish = {"service": "X.y", "start": start, "client_uuid": "00000000-0000-4000-8000-000000000001"}
    answer = sign_in(role="driver").post("/bookings", wish)
    assert (answer.status_code, answer.json["code"]) in ((422, "invalid"), (422, "naive_time"))


@pytest.mark.rule("O10")
def test_an_unexpected_failure_says_so_without_detail(guest: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("services.people.sign_in_wechat", broken)
    answer = guest.post("/sign-in", {"code": "demo:driver"})
    assert (answer.status_code, answer.json["code"]) == (500, "server_error")
    assert "secret" not in answer.text


def test_every_answer_carries_a_request_id(guest: Caller) -> None:
    assert guest.get("/app-config", headers={"X-Request-Id": "abc-1"}).headers["X-Request-Id"] == "abc-1"
    assert len(guest.get("/app-config", headers={"X-Request-Id": "a b\t" * 50}).headers["X-Request-Id"]) == 16
