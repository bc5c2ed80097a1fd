"""What proves that a stored response is absent: a 404 that speaks of this response, and nothing less.

Routers, gateways, proxies and the API itself also answer 404 about a route, a folder, a project or a model. To take
such an answer for absence would record for ever that a stored response is gone. So an uncertain answer is no proof: at
worst a message is dead-lettered, where people see it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from aistudio.answers import Answer, Failure
from aistudio.error_bodies import NOT_FOUND, error_in, status_told
from aistudio.exceptions import OutcomeUnknown
from aistudio.responses.response import Absent

MAX_TEXT = 4096
"""Characters. A longer text is not an error message, and searching it could take longer than the call may."""

_DOCUMENTED = {"code", "message", "param", "type"}
_SENTENCES = ("message", "msg", "detail", "title", "error", "reason", "description", "error_description")
_IDENTIFIERS = ("code", "type", "param", "resourceType", "resource_type")

# A text with any of these words is about the way to the API, about rights, or about this moment.
_WAY = re.compile(
    r"\b(?:urls?|uris?|rout(?:es?|ing)|paths?|endpoints?|methods?|pages?|hosts?|domains?|upstreams?|backends?|gateway|"
    r"proxy|servers?|services?|handlers?|mappings?|static|https?|apis?|status|(?-i:GET|DELETE|POST|PUT)|"
    r"access|permissions?|denied|forbidden|authori[sz]\w*|yet|later|again|temporar\w*|retry|timeout|caches?|доступ\w*|"
    r"маршрут\w*|пут[ьи]|страниц\w*|адрес\w*|метод\w*|сервис\w*)\b",
    re.IGNORECASE,
)
# These hold responses or make them. A text is about the thing that it names first.
_OTHER = re.compile(
    r"\b(?:folders?|clouds?|projects?|organi[sz]ations?|accounts?|tenants?|workspaces?|namespaces?|models?|"
    r"deployments?|engines?|agents?|assistants?|prompts?|conversations?|threads?|runs?|files?|containers?|stores?|"
    r"index(?:es)?|indices|keys?|tokens?|users?|subscriptions?|apps?|applications?|functions?|buckets?|databases?|"
    r"tables?|operations?|versions?|regions?|previous|formats?|templates?|schemas?|headers?|body|streams?|"
    r"каталог\w*|папк\w*|облак\w*|проект\w*|модел\w*|организаци\w*|"
    r"аккаунт\w*|пользовател\w*|файл\w*)\b",
    re.IGNORECASE,
)
# General words. In the documented shape, which only this API uses, they mean the response that was asked for.
_ANYTHING = re.compile(
    r"\b(?:resources?|objects?|entit(?:y|ies)|records?|items?|requests?|ресурс\w*|запис\w*)\b",  # noqa: RUF001 - Russian
    re.IGNORECASE,
)
_ID = "\0"  # stands for our id
_GONE = (
    r"(?:not found|not exist|n't exist|no longer exists?|not be found|(?:is|was|been|already) (?:deleted|expired)|"
    r"не найден\w*|не существует|удал[её]н)"
)
_SAYS_GONE = re.compile(rf"{_GONE}|\b(?:no such|no longer|unknown|missing|nonexistent|not find)\b", re.IGNORECASE)
_IS_GONE = re.compile(rf"(?:{_ID}|\b(?:response|ответ)\b)([^.;:\n{_ID}]{{0,60}}?){_GONE}", re.IGNORECASE)
_IS_NOT_FOUND = re.compile(
    r"\b(?:no such|no stored|unknown|nonexistent|not found|not find|cannot find|can't find|couldn't find|unable to find|"
    r"no(?= response with))\W+(?:(?:the|an?|any|such|stored|with|id|for)\W+){0,4}"
    rf"(?:response\b(?! (?:from|body|code|header|received|within|format))|(?:response\W+(?:(?:with|id)\W+){{0,2}})?{_ID})",
    re.IGNORECASE,
)
# The form of an id. A text that names an id, but not ours, is about another response.
_AN_ID = re.compile(r"(?<![\w.:-])(?=[\w.:-]*\d)(?=[\w.:-]*[A-Za-z])[\w.:-]{6,}|\d{6,}|['\"`«]\w")
_OF_THE_EXCHANGE = re.compile(r"\b(?:request|trace|correlation|span)[ _-]?id\W{0,3}[\w-]+", re.IGNORECASE)
_A_PATH = re.compile(r"(?<!\w)/\w|\w/\w+/")


def absence(outcome: Answer | Failure, response_id: str) -> Absent | OutcomeUnknown | None:
    """Return Absent where a 404, or a 2xx that carries that error, says that there is no such response; else None.

    A 404 whose body is not whole says neither: it is an OutcomeUnknown.
    """
    if isinstance(outcome, Failure):
        return None
    if outcome.cut:
        cut = outcome.status == NOT_FOUND
        return OutcomeUnknown(f"HTTP 404, body {outcome.cut}", outcome.trace) if cut else None
    value = outcome.said
    status: int | None = outcome.status
    if 200 <= outcome.status < 300:
        error = error_in(value)
        status = None if error is None else status_told(error)
    return Absent(outcome.trace) if status == NOT_FOUND and proves_absence(value, response_id) else None


def proves_absence(value: Mapping[str, Any] | None, response_id: str) -> bool:
    """Return whether the JSON body of a 404 says that this response is missing, and not something else."""
    if value is None:
        return False
    wrapped = value.get("error")
    error = wrapped if isinstance(wrapped, Mapping) else value
    if any(isinstance(text, str) and len(text) > MAX_TEXT for text in error.values()):
        return False
    sentences = [_marked(text, response_id) for text in _texts(error, _SENTENCES)]
    words = [re.sub(r"(?<=[a-z])(?=[A-Z])|[_.-]", " ", text) for text in _texts(error, _IDENTIFIERS)]
    if any(_WAY.search(text) or _A_PATH.search(text) for text in sentences):
        return False
    if any(_WAY.search(text) or _OTHER.search(text) for text in words):
        return False
    if any(_is_about_it(text) for text in (*sentences, *words)):
        return True
    if not _is_documented(value) or any(_OTHER.search(text) or _AN_ID.search(text) for text in sentences):
        return False
    return any(_SAYS_GONE.search(text) for text in (*sentences, *words))


def _is_about_it(text: str) -> bool:
    """Return whether a text says that our response is gone, and names nothing else before that."""
    found = _IS_GONE.search(text) or _IS_NOT_FOUND.search(text)
    if found is None or _OTHER.search(text[: found.end()]):
        return False
    return _ID in text or not (_ANYTHING.search(text[: found.start()]) or _AN_ID.search(text))


def _is_documented(value: Mapping[str, Any]) -> bool:
    """Return whether this is the error of the reference: four fields at the top, two of which may be null."""
    texts = isinstance(value.get("message"), str) and isinstance(value.get("type"), str)
    nullable = all(isinstance(value.get(name), str | None) for name in ("code", "param"))
    return value.keys() == _DOCUMENTED and texts and nullable


def _texts(error: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        value = error.get(name)
        if isinstance(value, str):
            yield _OF_THE_EXCHANGE.sub("", value.replace(_ID, " "))


def _marked(text: str, response_id: str) -> str:
    """Replace our id by a mark where it stands as a word; inside a path it stays."""
    return re.sub(rf"(?<![\w./:%-]){re.escape(response_id)}(?![\w/%-])", _ID, text)
