"""Which ids a message may name, and how they go over the wire."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from aistudio import Response, ResponseId, Responses, Trace
from aistudio.config import path_segment
from tests.unit.aistudio.clients import an_api
from tests.unit.aistudio.rawserver import NO_SUCH, answer, keep_serving, raw_server


@pytest.mark.parametrize(
    ("response_id", "segment"),
    [
        ("resp_0a.b-c:d~e", "resp_0a.b-c%3Ad~e"),
        ("a b?c#d", "a%20b%3Fc%23d"),
        ("%2e%2e", "%252e%252e"),
        ("..%2F", "..%252F"),
        ("...", "..."),
        ("идентификатор", "%D0%B8%D0%B4%D0%B5%D0%BD%D1%82%D0%B8%D1%84%D0%B8%D0%BA%D0%B0%D1%82%D0%BE%D1%80"),
        ("a/b", "a%2Fb"),
        ("cmVzcF8/YWJj+w==", "cmVzcF8%2FYWJj%2Bw%3D%3D"),
        ("a\r\nHost: evil", "a%0D%0AHost%3A%20evil"),
        ("\x00", "%00"),
    ],
)
def test_an_id_is_one_percent_encoded_segment_on_the_wire(response_id: str, segment: str) -> None:
    with raw_server(keep_serving(NO_SUCH)) as server, an_api(server.url) as api:
        assert not Responses(api).exists(response_id, 30).exists
        assert server.requests[0].target == f"/v1/responses/{segment}"


@pytest.mark.parametrize("response_id", ["", ".", "..", "a/../b", "a\\b", "../files", "a/.", "\ud800"])
def test_an_id_that_would_change_the_path_sends_nothing(response_id: str) -> None:
    with raw_server(keep_serving(answer(200))) as server, an_api(server.url) as api:
        for call in (Responses(api).delete, Responses(api).exists):
            with pytest.raises(ValueError, match=r"path segment|surrogates"):
                call(response_id, 30)
        assert server.connections == 0


@pytest.mark.parametrize("named", ["resp_\ud800", "a b", "x" * 513, "..", "", 7, None])
def test_a_response_under_an_id_that_no_request_can_carry_has_none(named: object) -> None:
    assert Response({"id": named, "output": []}, Trace()).id is None


@given(st.text(min_size=1, max_size=50))
def test_no_id_leaves_its_segment(response_id: str) -> None:
    try:
        segment = path_segment(response_id)
    except ValueError:
        return
    url = httpx.URL(f"http://host/v1/responses/{segment}")
    assert url.raw_path == f"/v1/responses/{segment}".encode()


@pytest.mark.parametrize("response_id", ["r", "x" * 512, "a/b", "cmVzcF8/YWJj+w==", "...", "идентификатор", "a%2e"])
def test_a_message_may_name_any_id_of_up_to_512_characters(response_id: str) -> None:
    assert TypeAdapter(ResponseId).validate_python(response_id) == response_id


@pytest.mark.parametrize(
    "response_id", ["", "x" * 513, ".", "..", "a/../b", "./a", "a\\b", "a b", "a\x00", "a\n", "\x7f"]
)
def test_a_message_may_name_no_id_that_could_change_the_path(response_id: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(ResponseId).validate_python(response_id)
