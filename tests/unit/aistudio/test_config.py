"""To which addresses paths can be appended."""

import pytest

from aistudio.config import url_problem

ODD_ADDRESSES = {
    "": "begin",
    "//host/v1": "begin",
    "SCHEME://": "no host",
    "SCHEME://host:99999/v1": "not a URL",
    "SCHEME://[::1": "not a URL",
    "SCHEME://host:0/v1": "port",
    "SCHEME://ho st/v1": "spaces",
    "SCHEME://host\\v1": "characters",
    "SCHEME://host/v1#": "fragment",
    "SCHEME://host/v1#part": "fragment",
    "SCHEME://host/v1?": "query",
    "SCHEME://host/v1?folder=planted": "query",
    "SCHEME://host?": "query",
    "SCHEME://user:planted@host/v1": "password",
    "SCHEME://user@host/v1": "user",
    "SCHEME://host/v1/../v2": "path",
    "SCHEME://host/v1/%2e%2E/v2": "path",
    "SCHEME://host//v1": "path",
}


@pytest.mark.parametrize("schemes", [("http", "https"), ("ws", "wss")])
@pytest.mark.parametrize(("url", "problem"), ODD_ADDRESSES.items(), ids=ODD_ADDRESSES)
def test_an_address_to_which_no_path_can_be_appended_is_refused_without_showing_it(
    url: str, problem: str, schemes: tuple[str, ...]
) -> None:
    told = url_problem(url.replace("SCHEME", schemes[0]), *schemes) or ""
    assert problem in told
    assert "planted" not in told


@pytest.mark.parametrize(
    "url", ["https://host/v1", "https://host/v1/", "http://127.0.0.1:8080", "https://[::1]:1/a/v1"]
)
def test_an_address_is_taken_with_a_path_and_without(url: str) -> None:
    assert url_problem(url, "http", "https") is None
    assert url_problem(url.replace("http", "ws"), "ws", "wss") is None
