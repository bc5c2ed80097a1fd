import pytest

from infra.operate.cloud import REGION, Stopped, endpoint, require, storage


def test_a_service_is_where_the_environment_says_else_where_the_functions_find_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("STORAGE_ENDPOINT", raising=False)
    assert storage().meta.endpoint_url == "https://storage.yandexcloud.net"
    monkeypatch.setenv("STORAGE_ENDPOINT", "http://127.0.0.1:1")
    assert storage().meta.endpoint_url == "http://127.0.0.1:1"
    monkeypatch.delenv("YMQ_ENDPOINT", raising=False)
    assert endpoint("ymq_endpoint") == "https://message-queue.api.cloud.yandex.net"


def test_a_region_of_another_cloud_in_the_environment_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert (storage().meta.region_name, REGION) == ("ru-central1", "ru-central1")


def test_missing_credentials_are_all_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("YC_TOKEN", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "")
    with pytest.raises(Stopped, match="YC_TOKEN, AWS_ACCESS_KEY_ID "):
        require("YC_TOKEN", "AWS_ACCESS_KEY_ID")
