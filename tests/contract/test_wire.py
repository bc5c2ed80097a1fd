import httpx
import pytest

from infra.local.studio.process import StudioHandle


def test_a_deletion_is_answered_200_with_no_body_and_no_content_type(studio: StudioHandle, http: httpx.Client) -> None:
    studio.seed("a")

    answer = http.delete("responses/a")

    assert (answer.status_code, answer.content) == (200, b"")
    assert "content-type" not in answer.headers
    assert studio.stored() == []


def test_the_404_of_a_deletion_is_the_documented_error_at_top_level(http: httpx.Client) -> None:
    answer = http.delete("responses/never-was")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "code": "not_found",
        "message": "Response with id 'never-was' not found.",
        "param": "response_id",
        "type": "invalid_request_error",
    }


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_every_answer_carries_the_ids_to_find_it_by(http: httpx.Client, method: str) -> None:
    first, second = (http.request(method, "responses/a", headers={"x-client-request-id": "mine"}) for _ in range(2))

    assert first.headers["x-client-request-id"] == "mine"
    for name in ("x-request-id", "x-server-trace-id"):
        assert first.headers[name] != second.headers[name]


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("Bearer local-key", 404),
        ("Api-Key local-key", 404),
        ("api-key local-key", 404),
        ("Api-Key", 401),
        ("Api-Key another", 401),
        ("Basic local-key", 401),
        ("local-key", 401),
        ("", 401),
    ],
)
def test_a_known_secret_is_taken_as_api_key_or_bearer_token(
    http: httpx.Client, authorization: str, status: int
) -> None:
    answer = http.get("responses/a", headers={"Authorization": authorization})

    assert answer.status_code == status
    assert set(answer.json()) == {"code", "message", "param", "type"}


@pytest.mark.parametrize("path", ["responses", "responses/", "responses/a/b", "nothing", "responses/a%2Fb/c"])
def test_a_path_that_is_not_there_is_a_404_without_an_api_error(http: httpx.Client, path: str) -> None:
    answer = http.delete(path)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/plain"


@pytest.mark.parametrize("response_id", ["a/b", "..", "a b", "ü", "50%", "a?b#c"])
def test_an_id_is_what_stands_percent_encoded_in_the_path(
    studio: StudioHandle, http: httpx.Client, response_id: str
) -> None:
    studio.seed(response_id, "another")

    encoded = "".join(f"%{byte:02X}" for byte in response_id.encode())
    assert http.delete(f"responses/{encoded}").status_code == 200

    assert studio.stored() == ["another"]
    assert [call["effect"] for call in studio.requests(response_id)] == [True]


def test_a_seeded_response_has_the_fields_it_was_given(studio: StudioHandle, http: httpx.Client) -> None:
    studio.seed("b", status="in_progress", previous_response_id="a")

    found = http.get("responses/b").json()

    assert (found["id"], found["object"]) == ("b", "response")
    assert (found["status"], found["previous_response_id"]) == ("in_progress", "a")


def test_the_log_tells_calls_and_effects_and_keeps_no_secret(studio: StudioHandle, http: httpx.Client) -> None:
    studio.seed("a")
    for _ in range(2):
        http.delete("responses/a", headers={"x-client-request-id": "mine", "x-data-logging-enabled": "false"})

    calls = studio.requests("a")

    assert [(call["method"], call["path"], call["status"], call["effect"]) for call in calls] == [
        ("DELETE", "/v1/responses/a", 200, True),
        ("DELETE", "/v1/responses/a", 404, False),
    ]
    assert calls[0]["headers"]["authorization"] == "Api-Key"
    assert calls[0]["headers"]["x-client-request-id"] == "mine"
    assert calls[0]["headers"]["x-data-logging-enabled"] == "false"
    assert studio.api_key not in str(calls)


def test_a_reset_forgets_everything(studio: StudioHandle, http: httpx.Client) -> None:
    studio.seed("a", "b")
    studio.fault(status=500, times=None)
    http.delete("responses/a")

    studio.reset()

    assert (studio.stored(), studio.requests()) == ([], [])
    assert http.get("responses/a").status_code == 404


def test_what_utf_8_can_not_hold_comes_back_escaped(studio: StudioHandle, http: httpx.Client) -> None:
    body = f'{{"model": "gpt://{studio.folder_id}/m", "input": "a \\ud800 b"}}'.encode()

    answer = http.post("responses", content=body)

    assert answer.json()["output_text"] == "You said: a \ud800 b"
    assert answer.content.isascii()


@pytest.mark.parametrize("body", [b'{"prompt": {"id": "a", "version": NaN}}', b"[" * 100_000, b"\xff", b""])
def test_what_is_no_json_is_a_bad_request(http: httpx.Client, body: bytes) -> None:
    assert http.post("responses", content=body).status_code == 400
