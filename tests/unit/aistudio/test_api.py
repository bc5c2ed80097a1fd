"""What goes over the wire, and what must not come to light."""

import contextlib
import itertools
import json
import logging
import pickle
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import aistudio
from aistudio import API, APIError, OutcomeUnknown, Rejected, Responses, Throttled, Trace, Unauthorized, Unavailable
from tests.unit.aistudio.clients import FOLDER, TOKEN, an_api, create
from tests.unit.aistudio.rawserver import NO_SUCH, answer, keep_serving, raw_server

FUNCTIONS = Path(__file__).parents[3] / "functions"


def test_a_deletion_sends_credential_folder_id_and_logging_switch_and_nothing_unforeseen() -> None:
    with raw_server(keep_serving(answer(200))) as server, an_api(server.url) as api:
        Responses(api).delete("7a383ba1-3736", 30)
        seen = server.requests[0]
    assert (seen.method, seen.target, seen.body) == ("DELETE", "/v1/responses/7a383ba1-3736", b"")
    assert seen.headers == {
        "host": f"127.0.0.1:{server.port}",
        "authorization": f"Bearer {TOKEN}",
        "openai-project": FOLDER,
        "user-agent": "aistudio-functions",
        "x-client-request-id": "id-1",
        "x-data-logging-enabled": "false",
        "accept": "application/json",
        "accept-encoding": "identity",
    }


def test_a_body_on_the_wire_is_json_that_any_parser_takes() -> None:
    with raw_server(keep_serving(answer(200))) as server, an_api(server.url) as api:
        create(api, body={"text": "привет \ud800"})
        seen = server.requests[0]
    assert seen.headers["content-type"] == "application/json"
    assert seen.body.isascii()
    assert json.loads(seen.body) == {"text": "привет \ud800"}


def test_an_api_key_goes_by_its_own_scheme_and_no_token_is_asked_for() -> None:
    def no_token() -> str:
        raise AssertionError("asked for a token")

    with (
        raw_server(keep_serving(answer(200))) as server,
        an_api(server.url, token=no_token, api_key="planted-key") as api,
    ):
        Responses(api).delete("r1", 30)
        assert server.requests[0].headers["authorization"] == "Api-Key planted-key"


def test_the_token_is_read_anew_for_each_call() -> None:
    tokens = (f"t1.{number}" for number in itertools.count())
    with raw_server(keep_serving(answer(200))) as server, an_api(server.url, token=lambda: next(tokens)) as api:
        for _ in range(3):
            Responses(api).delete("r1", 30)
        assert [seen.headers["authorization"] for seen in server.requests] == [
            "Bearer t1.0",
            "Bearer t1.1",
            "Bearer t1.2",
        ]


def test_data_logging_is_left_to_the_service_only_where_the_setting_says_so() -> None:
    with raw_server(keep_serving(answer(200))) as server, an_api(server.url, data_logging=True) as api:
        Responses(api).delete("r1", 30)
        assert "x-data-logging-enabled" not in server.requests[0].headers


@pytest.mark.parametrize("token", ["", "two words", "new\nline", "привет"])
def test_a_token_that_can_not_be_one_sends_nothing(token: str) -> None:
    with raw_server(keep_serving(answer(200))) as server, an_api(server.url, token=lambda: token) as api:
        with pytest.raises(Unauthorized) as caught:
            Responses(api).delete("r1", 30)
        assert caught.value.trace.status is None
        assert server.connections == 0


def test_values_that_json_does_not_have_are_rejected_and_nothing_is_sent() -> None:
    with raw_server(keep_serving(answer(200))) as server, an_api(server.url) as api:
        for value in (float("nan"), object()):
            with pytest.raises(Rejected) as caught:
                create(api, body={"planted": value})
            assert "planted" not in repr(caught.value)
            assert caught.value.__context__ is None
        assert server.connections == 0


def test_a_host_name_that_there_can_not_be_fails_before_any_call() -> None:
    made: list[API] = []

    def delete() -> None:
        with an_api("https://xn--a/v1") as api:
            made.append(api)
            Responses(api).delete("r1", 30)

    with pytest.raises((ValueError, Unavailable)) as caught:
        delete()
    assert isinstance(caught.value, Unavailable) == bool(made)  # httpx2 leaves such a name to the resolver


def test_cookies_are_not_kept() -> None:
    with raw_server(keep_serving(answer(200, Set_Cookie="stick=1"))) as server, an_api(server.url) as api:
        Responses(api).delete("r1", 30)
        Responses(api).delete("r1", 30)
        assert "cookie" not in server.requests[1].headers


def test_a_stored_response_is_there_and_an_unknown_one_is_not() -> None:
    with raw_server(keep_serving(answer(200, b'{"id":"r1"}'))) as server, an_api(server.url) as api:
        assert Responses(api).exists("r1", 30).exists
        assert server.requests[0].method == "GET"
    with raw_server(keep_serving(NO_SUCH)) as server, an_api(server.url) as api:
        assert not Responses(api).exists("r1", 30).exists


def test_the_answers_ids_come_back_with_the_result() -> None:
    told = answer(200, X_Request_Id="req-9", X_Server_Trace_Id="trace-9")
    with raw_server(keep_serving(told)) as server, an_api(server.url) as api:
        assert Responses(api).delete("r1", 30).trace == Trace("id-1", "req-9", "trace-9", 200)


# Secrets and content

PLANTED = ("planted", "the user asked", "r-secret-id")


def test_no_error_shows_a_credential_an_id_or_the_services_words() -> None:
    body = b'{"code":"x","message":"the user asked about planted things","type":"the user asked","param":"planted"}'
    for status in (400, 401, 403, 404, 409, 429, 500, 503):
        with raw_server(keep_serving(answer(status, body))) as server, an_api(server.url, api_key="planted-key") as api:
            with pytest.raises(APIError) as caught:
                create(api, body={"q": "the user asked"})
            shown = repr(caught.value) + str(caught.value) + repr(caught.value.__dict__) + repr(api) + repr(api.config)
            assert not [word for word in PLANTED if word in shown]
            assert caught.value.__cause__ is None
            assert caught.value.__context__ is None


def test_failures_of_the_network_chain_nothing_that_could_quote_a_request() -> None:
    with an_api("http://127.0.0.1:9/v1") as api, pytest.raises(APIError) as caught:
        Responses(api).delete("r-secret-id", 2)
    assert caught.value.__context__ is None


def test_nothing_of_a_call_is_logged_even_at_the_lowest_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    body = b'{"code":"x","message":"the user asked","type":"t"}'
    with (
        raw_server(keep_serving(answer(404, body, X_Note="planted"))) as server,
        an_api(server.url) as api,
        pytest.raises(Rejected),
    ):
        Responses(api).delete("r-secret-id", 30)
    assert not [word for word in (*PLANTED, TOKEN) if word in caplog.text]


def test_errors_survive_a_copy_with_all_they_know() -> None:
    for error in (
        OutcomeUnknown("d", Trace("c", "r", "s", 500), response_id="resp_1"),
        Rejected("d", Trace("c"), fingerprint=(400, "a", "b", None)),
        Throttled("d", Trace("c"), 7.0, response_id="resp_1"),
    ):
        copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
        assert (type(copy), copy.__dict__) == (type(error), error.__dict__)


# Other transports, and what an import costs


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (httpx.ConnectError("x"), "unavailable"),
        (httpx.ConnectTimeout("x"), "unavailable"),
        (httpx.PoolTimeout("x"), "unavailable"),
        (httpx.ReadTimeout("x"), "outcome_unknown"),
        (httpx.ReadError("x"), "outcome_unknown"),
        (httpx.WriteError("x"), "outcome_unknown"),
        (httpx.RemoteProtocolError("x"), "outcome_unknown"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_transport_that_can_not_tell_what_was_sent_is_judged_by_its_error(failure: Exception, reason: str) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        raise failure

    with an_api(transport=httpx.MockTransport(handle)) as api, pytest.raises(APIError) as caught:
        Responses(api).delete("r1", 30)
    assert caught.value.reason == reason


@given(
    status=st.integers(200, 599),
    headers=st.dictionaries(
        st.sampled_from(
            ["Retry-After", "Content-Length", "Content-Encoding", "Content-Type", "X-Request-Id", "Location"]
        ),
        st.text(st.characters(min_codepoint=32, max_codepoint=126)),
    ),
    body=st.binary(),
)
def test_any_answer_of_any_server_is_a_result_or_an_api_error(
    status: int, headers: dict[str, str], body: bytes
) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, headers=headers, stream=httpx.ByteStream(body)))
    with an_api(transport=transport) as api:
        for call in (Responses(api).delete, Responses(api).exists):
            with contextlib.suppress(APIError):
                assert call("r1", 30).trace.status in {200, status}


def test_importing_the_client_loads_no_websocket_library_and_no_sdk() -> None:
    code = "import sys, aistudio; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=FUNCTIONS, capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    loaded = set(done.stdout.split())
    assert "httpx" in loaded
    assert not loaded & {"websockets", "openai", "aiohttp", "requests", "boto3", "botocore", "pydantic_settings"}


def test_the_client_offers_these_names_and_no_others() -> None:
    assert sorted(aistudio.__all__) == [
        "API",
        "APIError",
        "Absent",
        "Config",
        "Deletion",
        "Existence",
        "Forbidden",
        "InputItems",
        "OutcomeUnknown",
        "RealtimeTransport",
        "Rejected",
        "Response",
        "ResponseId",
        "Responses",
        "Throttled",
        "Trace",
        "Unauthorized",
        "Unavailable",
    ]
    assert all(hasattr(aistudio, name) for name in aistudio.__all__)
