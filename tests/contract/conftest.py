from collections.abc import Iterator

import httpx
import pytest
from openai import OpenAI

from infra.local.studio.process import StudioHandle, running_studio


@pytest.fixture(scope="session")
def server() -> Iterator[StudioHandle]:
    with running_studio() as handle:
        yield handle


@pytest.fixture
def studio(server: StudioHandle) -> StudioHandle:
    server.reset()
    return server


@pytest.fixture
def http(studio: StudioHandle) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=studio.base_url, headers=studio.headers, timeout=60, trust_env=False) as client:
        yield client


@pytest.fixture
def sdk(studio: StudioHandle, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAI]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with OpenAI(
        api_key=studio.api_key, project=studio.folder_id, base_url=studio.base_url, max_retries=0, timeout=60
    ) as client:
        yield client
