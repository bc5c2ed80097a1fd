"""Which 404 proves that the stored response isn't there: one that speaks of this response, and no other."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aistudio import Rejected
from aistudio.answers import Answer
from aistudio.responses.delete import Deletion, deletion
from aistudio.responses.get import Existence, existence
from aistudio.responses.not_found_texts import proves_absence

ID = "7a383ba1-3736-463e-bd60-1f0f2b1a9c11"

PROOFS: dict[str, Any] = {
    "documented, in plain words": {"code": None, "message": "Not found", "param": None, "type": "not_found_error"},
    "documented, of the resource": {
        "code": "not_found",
        "message": "The requested resource was not found",
        "param": None,
        "type": "invalid_request_error",
    },
    "documented, in Russian": {"code": None, "message": "Ответ не найден", "param": None, "type": "not_found"},
    "documented, with ids of the exchange": {
        "code": None,
        "message": "Not found. (request id: 20261122abcdef123)",
        "param": None,
        "type": "not_found",
    },
    "documented, with our id": {
        "code": "not_found",
        "message": f"Response with id '{ID}' not found.",
        "param": "response_id",
        "type": "invalid_request_error",
    },
    "OpenAI's": {
        "error": {
            "message": f"Response with id '{ID}' not found.",
            "type": "invalid_request_error",
            "param": None,
            "code": None,
        }
    },
    "OpenAI's, without the id": {"error": {"message": "No such response.", "type": "invalid_request_error"}},
    "by the code alone": {
        "error": {"message": "Not found", "type": "invalid_request_error", "code": "response_not_found"}
    },
    "by a code in camel case": {"error": {"message": "m", "code": "ResponseNotFound"}},
    "in a folder": {"error": {"message": f"Response {ID} not found in folder b1g", "type": "x"}},
    "a problem": {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": f"Response {ID} does not exist",
    },
    "grpc": {"code": 5, "message": f"response {ID} not found", "details": []},
    "grpc, wrapped": {"error": {"grpcCode": 5, "httpCode": 404, "message": f"Response {ID} not found", "details": []}},
    "a framework's, of a resource with our id": {"detail": f"Resource {ID} not found"},
    "the id behind": {"error": {"message": f"Could not find response '{ID}'", "code": "not_found"}},
    "no response with that id": {"error": {"message": f"No response with id {ID}"}},
    "deleted": {"error": {"message": f"Response {ID} was deleted"}},
    "deleted before": {"error": {"message": f"Response {ID} has already been deleted"}},
}

NO_PROOFS: dict[str, Any] = {
    # of the route
    "OpenAI's, of the URL": {
        "error": {
            "message": f"Invalid URL (DELETE /responses/{ID})",
            "type": "invalid_request_error",
            "code": "unknown_url",
        }
    },
    "vLLM's": {"object": "error", "message": "Not Found", "type": "NotFoundError", "param": None, "code": 404},
    "Azure's": {"error": {"code": "404", "message": "Resource not found"}},
    "Spring's problem": {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": f"No static resource v1/responses/{ID}.",
        "instance": f"/v1/responses/{ID}",
    },
    "Spring's older one": {"timestamp": 1, "status": 404, "error": "Not Found", "path": f"/v1/responses/{ID}"},
    "Express's": {"error": {"message": f"Cannot DELETE /v1/responses/{ID}"}},
    "Nest's": {"message": f"Cannot DELETE /v1/responses/{ID}", "error": "Not Found", "statusCode": 404},
    "FastAPI's": {"detail": "Not Found"},
    "Kong's": {"message": "no Route matched with those values"},
    "APISIX's": {"error_msg": "404 Route Not Found"},
    "Traefik's, as JSON": {"code": 404, "message": "404 page not found"},
    "grpc-gateway's": {"code": 5, "message": "Not Found", "details": []},
    "AWS API Gateway's": {"message": "Not Found"},
    "Envoy's": {"error": {"message": "no response from upstream", "code": "not_found"}},
    "Cloudflare's": {"success": False, "errors": [{"code": 7003, "message": "Could not route to /responses"}]},
    "a proxy's, of its own 404": {
        "error": {"message": f"Upstream said: response {ID} not found", "code": "bad_gateway"}
    },
    "documented, of the path": {"code": None, "message": f"No such path: {ID}", "param": None, "type": "not_found"},
    "documented, of the method": {"code": "unimplemented", "message": "Unknown method", "param": None, "type": "x"},
    # of what holds responses, or makes them
    "grpc, of the folder": {"code": 5, "message": "Folder b1gfolder not found", "details": []},
    "documented, of the folder": {
        "code": "not_found",
        "message": "Folder b1gfolder not found",
        "param": None,
        "type": "invalid_request_error",
    },
    "documented, of the folder by its code": {
        "code": "folder_not_found",
        "message": "Not found",
        "param": None,
        "type": "invalid_request_error",
    },
    "documented, of the folder by its param": {
        "code": None,
        "message": "Not found",
        "param": "folder_id",
        "type": "invalid_request_error",
    },
    "documented, of the folder in Russian": {
        "code": None,
        "message": "Каталог не найден",
        "param": None,
        "type": "not_found",
    },
    "of the project": {"error": {"message": f"Project proj_1 has no response {ID}: not found", "type": "x"}},
    "of the model": {"error": {"message": "The model `gpt-x` does not exist", "type": "x", "code": "model_not_found"}},
    "of the model, while responding": {
        "error": {"message": "Response generation failed: model not found", "code": "model_not_found"}
    },
    "of the model, for a response": {"error": {"message": f"Model not found for response {ID}", "code": "not_found"}},
    "of the model, by the code": {"error": {"message": f"Response {ID} not found", "code": "model_not_found"}},
    "of the deployment": {"error": {"code": "DeploymentNotFound", "message": "The API deployment does not exist."}},
    "of the previous response": {"error": {"message": "Previous response not found", "code": "not_found"}},
    "of a conversation": {"error": {"message": "Conversation conv_1 not found", "type": "x"}},
    "of its format": {"error": {"message": "Response format not found", "type": "x"}},
    "of a cache": {"error": {"message": f"Response {ID} not found in the cache"}},
    # of who may see it, or of this moment
    "of what may not be seen": {
        "error": {"message": f"Response '{ID}' does not exist or you do not have access to it.", "type": "x"}
    },
    "documented, of what may not be seen": {
        "code": None,
        "message": "Not found, or access denied",
        "param": None,
        "type": "not_found",
    },
    "of one that is in the making": {"error": {"message": f"Response {ID} not found yet, try again later"}},
    "of one that can not be deleted": {"error": {"message": f"Response {ID} can not be deleted"}},
    "documented, of one that can not be deleted": {
        "code": None,
        "message": f"Response {ID} can not be deleted",
        "param": None,
        "type": "x",
    },
    # of another response, or of nothing
    "of another response": {"error": {"message": "Response with id 'resp_other_1' not found.", "type": "x"}},
    "of another response, with a short id": {"error": {"message": "Response 'r2' not found.", "type": "x"}},
    "of a longer id": {"error": {"message": f"Response '{ID}-2' not found.", "type": "x"}},
    "documented, of another response": {
        "code": None,
        "message": "No such response: resp_other_1",
        "param": None,
        "type": "not_found",
    },
    "wrapped, of nothing": {"error": {"message": "Not found", "type": "invalid_request_error", "code": "not_found"}},
    "problem, of nothing": {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "Not found"},
    "documented, with more": {"code": None, "message": "Not found", "param": None, "type": "x", "object": "error"},
    "documented, with less": {"message": "Not found", "type": "not_found"},
    "documented, with a number": {"code": 404, "message": "Not found", "param": None, "type": "NotFoundError"},
    "a response that was not in time": {"error": {"message": "no response received", "code": "timeout"}},
    "words of HTTP": {"error": {"message": "HTTP 404 response: not found"}},
    "an empty object": {},
    "an error that says nothing": {"error": {}},
    "our id alone": {"error": {"message": ID}},
}


@pytest.mark.parametrize("body", PROOFS.values(), ids=PROOFS)
def test_a_404_that_speaks_of_this_response_proves_its_absence(body: Any) -> None:
    answer = Answer(404, {}, json.dumps(body).encode())
    gone, unknown = deletion(answer, ID), existence(answer, ID)
    assert isinstance(gone, Deletion)
    assert isinstance(unknown, Existence)
    assert gone.absent
    assert not unknown.exists


@pytest.mark.parametrize("body", NO_PROOFS.values(), ids=NO_PROOFS)
def test_a_404_about_anything_else_is_a_refusal(body: Any) -> None:
    answer = Answer(404, {}, json.dumps(body).encode())
    assert type(deletion(answer, ID)) is Rejected
    assert type(existence(answer, ID)) is Rejected


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>404 Not Found</html>",
        b"404 page not found",
        b"[]",
        b"null",
        b'"not found"',
        b"\xff\xfe",
        b"{" * 99_999,
    ],
    ids=["empty", "html", "text", "list", "null", "string", "not utf-8", "nested too deep"],
)
def test_a_404_without_an_object_is_a_refusal(body: bytes) -> None:
    assert type(deletion(Answer(404, {}, body), ID)) is Rejected
    assert type(existence(Answer(404, {}, body), ID)) is Rejected


def test_a_text_that_no_error_has_proves_nothing() -> None:
    assert not proves_absence({"error": {"message": f"Response {ID} not found." + "." * 5000}}, ID)


def bodies_about_a_path(path: str) -> Iterator[Mapping[str, Any]]:
    for message in (f"No handler for {path}", f"{path} not found", f"Unknown request {path}: not found"):
        yield {"code": None, "message": message, "param": None, "type": "not_found"}
        yield {"error": {"message": message, "type": "x", "code": "not_found"}}
        yield {"title": "Not Found", "status": 404, "detail": message}
        yield {"code": 5, "message": message, "details": []}
        yield {"detail": message}


@given(st.from_regex(r"[A-Za-z0-9_.:=+-]{1,40}", fullmatch=True))
def test_no_path_that_holds_the_id_proves_anything(response_id: str) -> None:
    for path in (
        f"/v1/responses/{response_id}",
        f"v1/responses/{response_id}",
        f"https://host/responses/{response_id}",
    ):
        for body in bodies_about_a_path(path):
            assert not proves_absence(body, response_id)


@given(st.from_regex(r"[A-Za-z0-9_.:=+/-]{1,40}", fullmatch=True))
def test_whatever_the_id_is_it_is_found_where_it_is_named(response_id: str) -> None:
    assert proves_absence({"error": {"message": f"Response with id '{response_id}' not found."}}, response_id)
