"""Which settings the client takes, and how it refuses others."""

from typing import Any, cast

import pytest

from aistudio import Config
from tests.unit.aistudio.clients import FOLDER


def test_config_names_everything_that_is_wrong_and_shows_no_value() -> None:
    with pytest.raises(
        ValueError,
        match=r"AISTUDIO_BASE_URL.*AISTUDIO_FOLDER_ID.*AISTUDIO_API_KEY.*AISTUDIO_REALTIME_URL.*REALTIME_TRANSPORT",
    ) as caught:
        Config(
            "ftp://host-planted",
            "",
            "planted key",
            realtime_url="http://planted",
            realtime_transport=cast("Any", "planted"),
        )
    assert "planted" not in str(caught.value)


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


@pytest.mark.parametrize(("url", "problem"), ODD_ADDRESSES.items(), ids=ODD_ADDRESSES)
def test_an_address_to_which_no_path_can_be_appended_is_refused_by_its_settings_name(url: str, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^AISTUDIO_BASE_URL .*{problem}") as caught:
        Config(url.replace("SCHEME", "https"), FOLDER)
    assert "planted" not in str(caught.value)
    if url:
        with pytest.raises(ValueError, match=f"^AISTUDIO_REALTIME_URL .*{problem}"):
            Config("https://host/v1", FOLDER, realtime_url=url.replace("SCHEME", "wss"))


@pytest.mark.parametrize(
    "url", ["https://host/v1", "https://host/v1/", "http://127.0.0.1:8080", "https://[::1]:1/a/v1"]
)
def test_an_address_is_taken_with_a_path_and_without(url: str) -> None:
    assert Config(url, FOLDER, realtime_url=url.replace("http", "ws")).base_url == url
