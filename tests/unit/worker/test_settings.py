"""Settings: their names and defaults, and one error for all that is wrong."""

import pytest

from aistudio.realtime import check
from worker.settings import LEDGER, QUEUE_FUNCTION, STUDIO, Settings, SettingsError

REQUIRED = {
    "AISTUDIO_FOLDER_ID": "b1gfolder",
    "YDB_DOCAPI_ENDPOINT": "https://docapi.example/ru-central1/cloud/db",
    "HASH_KEY": "a-secret-of-some-length",
    "QUEUE_URL": "https://queues.example/own",
    "DEAD_LETTER_QUEUE_URL": "https://queues.example/dead",
    "AWS_ACCESS_KEY_ID": "key-id",
    "AWS_SECRET_ACCESS_KEY": "key-secret",
}
SECRET = "planted-secret-0451"


def read(**changes: str) -> Settings:
    return Settings.read({**REQUIRED, **changes})


def error(environment: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as raised:
        Settings.read(environment)
    return str(raised.value)


def test_what_is_not_set_has_its_default() -> None:
    settings = read()

    assert settings.aistudio_base_url == "https://ai.api.cloud.yandex.net/v1"
    assert settings.aistudio_realtime_url == "wss://ai.api.cloud.yandex.net/v1/realtime"
    assert (settings.aistudio_api_key.get_secret_value(), settings.aistudio_data_logging) == ("", False)
    assert (settings.realtime_transport, settings.ledger_table_prefix) == ("auto", "aistudio/")
    assert (settings.ymq_endpoint, settings.results_queue_url) == ("https://message-queue.api.cloud.yandex.net", "")
    assert (settings.aws_region, settings.ydb_auth, settings.log_level) == ("ru-central1", "iam", "INFO")
    assert (settings.max_attempts, settings.max_age, settings.lease_margin) == (8, 86_400, 600)
    assert (settings.hold_window, settings.concurrency) == (10, 16)


@pytest.mark.parametrize("missing", REQUIRED)
def test_each_required_setting_is_missed(missing: str) -> None:
    environment = {name: value for name, value in REQUIRED.items() if name != missing}

    assert f"{missing} is required" in error(environment)
    assert f"{missing} is required" in error({**environment, missing: ""})


def test_all_that_is_wrong_is_named_at_once_and_no_value_is_shown() -> None:
    wrong = {
        "YDB_DOCAPI_ENDPOINT": SECRET,
        "MAX_ATTEMPTS": SECRET,
        "MAX_AGE": SECRET,
        "CONCURRENCY": "0",
        "YDB_AUTH": SECRET,
        "HASH_KEY": "short",
        "AISTUDIO_DATA_LOGGING": SECRET,
    }

    told = error({**wrong, "AWS_ACCESS_KEY_ID": SECRET})

    missing = ("AISTUDIO_FOLDER_ID", "QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "AWS_SECRET_ACCESS_KEY")
    assert all(name in told for name in (*wrong, *missing))
    assert SECRET not in told
    assert "short" not in told


MALFORMED = {
    "AISTUDIO_BASE_URL": f"wss://{SECRET}.example/v1",
    "AISTUDIO_REALTIME_URL": f"https://{SECRET}.example/v1/realtime",
    "QUEUE_URL": f"wss://{SECRET}.example/own",
    "DEAD_LETTER_QUEUE_URL": f"ws://{SECRET}.example/dead",
    "YDB_DOCAPI_ENDPOINT": f"wss://{SECRET}.example/db",
    "AISTUDIO_FOLDER_ID": f"b1g {SECRET}",
    "AISTUDIO_API_KEY": f"AQVN-{SECRET}\n",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_each_value_that_no_request_could_carry_is_named_alone_and_not_shown(name: str) -> None:
    told = error({**REQUIRED, name: MALFORMED[name]})

    assert f"{name} " in told
    assert SECRET not in told
    assert not [other for other in MALFORMED if other != name and f"{other} " in told.replace(f"{name} ", "")]


def test_all_values_that_no_request_could_carry_are_named_in_one_error() -> None:
    told = error({**REQUIRED, **MALFORMED})

    assert all(f"{name} " in told for name in MALFORMED)
    assert SECRET not in told


@pytest.mark.parametrize("text", ["b1g\tfolder", "b1g\n", "папка", "b1g\x00"])
def test_what_no_header_can_carry_is_refused(text: str) -> None:
    told = error({**REQUIRED, "AISTUDIO_FOLDER_ID": text, "AISTUDIO_API_KEY": text})

    assert "AISTUDIO_FOLDER_ID" in told
    assert "AISTUDIO_API_KEY" in told


@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_a_realtime_url_is_a_web_sockets(scheme: str) -> None:
    assert read(AISTUDIO_REALTIME_URL=f"{scheme}://host/v1/realtime").aistudio_realtime_url.startswith(scheme)


@pytest.mark.parametrize("name", ["AISTUDIO_BASE_URL", "AISTUDIO_REALTIME_URL"])
@pytest.mark.parametrize(("end", "problem"), [("#", "fragment"), ("?a=b", "query")])
def test_an_address_in_which_a_calls_path_would_be_lost_is_named_with_the_reason(
    name: str, end: str, problem: str
) -> None:
    scheme = "https" if name == "AISTUDIO_BASE_URL" else "wss"
    with pytest.raises(SettingsError, match=rf"{name} .*has a {problem}"):
        read(**{name: f"{scheme}://host/v1{end}"})


@pytest.mark.parametrize(
    ("text", "seconds"), [("1s", 1), ("600s", 600), ("90m", 5_400), ("24h", 86_400), ("7d", 604_800), ("0.5h", 1_800)]
)
def test_durations_are_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert read(MAX_AGE=text).max_age == seconds


@pytest.mark.parametrize("text", ["600", "10 s", "-5s", "1w", "s", "1h30m", "infinity"])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    told = error({**REQUIRED, "LEASE_MARGIN": text})

    assert "LEASE_MARGIN" in told
    assert '"600s"' in told


@pytest.mark.parametrize("text", ["0s", "0.5s"])
def test_a_window_in_which_no_call_could_begin_is_refused(text: str) -> None:
    assert "HOLD_WINDOW" in error({**REQUIRED, "HOLD_WINDOW": text})


def test_an_empty_variable_is_an_unset_one() -> None:
    assert read(MAX_ATTEMPTS="", AISTUDIO_API_KEY="").max_attempts == 8


def test_a_functions_own_settings_are_named_with_all_others() -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.read({}, QUEUE_FUNCTION, check)

    assert "REALTIME_MODEL" in str(raised.value)
    assert "QUEUE_URL" in str(raised.value)


@pytest.mark.parametrize("settings", [{"REALTIME_TRANSPORT": "http"}, {"REALTIME_MODEL": "speech"}])
def test_a_realtime_model_is_needed_only_for_the_websocket(settings: dict[str, str]) -> None:
    assert check(settings) == {}


def test_secrets_are_not_shown_by_settings() -> None:
    settings = read(HASH_KEY=f"{SECRET}-and-more", AISTUDIO_API_KEY=SECRET, AWS_SECRET_ACCESS_KEY=SECRET)

    assert SECRET not in repr(settings)


@pytest.mark.parametrize("url", ["https://host/v1?a=b", "https://host/v1#", "https://host/v1#frag", "https://host/v1?"])
@pytest.mark.parametrize("name", ["AISTUDIO_BASE_URL", "YDB_DOCAPI_ENDPOINT", "YMQ_ENDPOINT", "STORAGE_ENDPOINT"])
def test_a_url_that_would_swallow_the_paths_put_after_it_is_refused(name: str, url: str) -> None:
    told = error({**REQUIRED, name: url})

    assert f"{name} has a " in told
    assert "host" not in told


def test_a_function_without_a_queue_is_asked_for_none() -> None:
    given = {name: REQUIRED[name] for name in (*STUDIO, *LEDGER)}

    assert Settings.read(given, (*STUDIO, *LEDGER)).queue_url == ""
    with pytest.raises(SettingsError, match="QUEUE_URL is required"):
        Settings.read(given)


@pytest.mark.parametrize("text", ["1023", "262145", "16 KB"])
def test_a_queues_limit_is_one_that_a_queue_can_have(text: str) -> None:
    assert "QUEUE_MAX_BYTES" in error({**REQUIRED, "QUEUE_MAX_BYTES": text})


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("DEAD_LETTER_QUEUE_URL", "QUEUE_URL"),
        ("RESULTS_QUEUE_URL", "QUEUE_URL"),
        ("RESULTS_QUEUE_URL", "DEAD_LETTER_QUEUE_URL"),
    ],
)
@pytest.mark.parametrize("end", ["", "/"])
def test_a_queue_that_would_get_its_own_messages_back_is_refused(name: str, other: str, end: str) -> None:
    assert f"{other} is the queue of {name} too" in error({**REQUIRED, name: REQUIRED[other] + end})


@pytest.mark.parametrize("text", ["a-secret-of-some-length\n", " a-secret-of-some-length", " " * 20])
def test_a_hash_key_that_tools_may_cut_is_refused(text: str) -> None:
    """Under a key without its line's end the ledger would know no record any more."""
    assert "HASH_KEY begins or ends with a blank" in error({**REQUIRED, "HASH_KEY": text})


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_a_key_that_no_request_can_be_signed_with_is_refused(name: str) -> None:
    assert f"{name} has spaces" in error({**REQUIRED, name: "key\nid"})
