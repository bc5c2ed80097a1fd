from pathlib import Path

import boto3
import pytest

from infra.operate.cloud import REGION, Stopped, begin, endpoint, storage


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
        begin("YC_TOKEN", "AWS_ACCESS_KEY_ID")


def test_what_people_set_for_tools_of_their_own_is_forgotten(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_PROFILE", "there-is-none")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "another")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "deployer")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    files = tmp_path / ".aws" / "config"
    files.parent.mkdir()
    files.write_text("[default]\nendpoint_url = http://127.0.0.1:9\naws_session_token = another\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("AWS_CONFIG_FILE", raising=False)
    monkeypatch.delenv("STORAGE_ENDPOINT", raising=False)
    begin("AWS_ACCESS_KEY_ID")
    assert boto3.Session().client("s3", region_name="us-east-1").meta.endpoint_url == "https://s3.amazonaws.com"
    signed_with = storage()._request_signer._credentials.get_frozen_credentials()  # type: ignore[attr-defined]  # botocore's own
    assert tuple(signed_with)[:3] == ("deployer", "secret", None)
