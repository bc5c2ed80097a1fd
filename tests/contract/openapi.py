"""The OpenAPI document of the Responses API, as something to hold answers against."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

DOCUMENT = Path(__file__).parent / "responses.openapi.yaml"
_HERE = "urn:responses"


@cache
def document() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text())
    return read


def problems(schema: str, value: object) -> list[str]:
    """What is wrong with a value that should fit this schema of the document, each with its place."""
    return _problems(f"#/components/schemas/{schema}", value)


def answer_problems(method: str, path: str, answer: httpx.Response) -> list[str]:
    """What is wrong with an answer: a status or a content type that the document does not have, or a body."""
    escaped = path.replace("~", "~0").replace("/", "~1")
    place = f"#/paths/{escaped}/{method.lower()}/responses/{answer.status_code}"
    responses = document()["paths"][path][method.lower()]["responses"]
    said = responses.get(str(answer.status_code))
    if said is None:
        return [f"{answer.status_code} is not documented"]
    if "$ref" in said:
        place = said["$ref"]
        said = document()["components"]["responses"][place.rpartition("/")[2]]
    kind = answer.headers.get("content-type")
    if "content" not in said:
        return ["a body or a content type where none is documented"] if answer.content or kind else []
    if kind not in said["content"]:
        return [f"{kind} is not documented"]
    if kind == "text/event-stream":
        return [problem for event in events_of(answer.text) for problem in problems("StreamEvent", event)]
    return _problems(f"{place}/content/{kind.replace('/', '~1')}/schema", answer.json())


def events_of(stream: str) -> list[dict[str, Any]]:
    return [json.loads(block.partition("data: ")[2]) for block in stream.removesuffix("\n\n").split("\n\n")]


@cache
def _registry() -> "Registry[Any]":
    made: Registry[Any] = Registry().with_resource(_HERE, DRAFT202012.create_resource(document()))
    return made.crawl()


def _problems(place: str, value: object) -> list[str]:
    validator = Draft202012Validator({"$ref": _HERE + place}, registry=_registry())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]
