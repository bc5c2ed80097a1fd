"""Servers for a whole session, and benches for single tests."""

import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, settings

import delete_response
from aistudio import API, Config
from documents.client import connect_with_key
from infra.local.cloud.servers import KEY_ID, KEY_SECRET, REGION, Servers, running_servers
from infra.local.studio.process import StudioHandle, running_studio
from infra.local.studio.settings import Settings
from tests.support import ask
from tests.support.bench import Bench
from tests.support.kit import Kit
from tests.support.seam import Seam
from tests.support.stock import Stock

# A busy machine is no defect, so no test is judged by the clock; and the same code has the same verdict each time,
# but where FUZZ asks for a longer look at random (tests/fuzz).
settings.register_profile(
    "here", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="FUZZ" not in os.environ
)
settings.load_profile("here")


PROOFS = (
    "e2e/soak/test_soak.py::*",
    "e2e/test_playing.py::*",
    "infra/local/test_new_function.py::test_what_is_*",
    "infra/test_table_changes.py::*",
    "operate/test_redrive.py::test_five_hundred_*",
    "simulation/test_simulation.py::test_a_failure_is_told_*",
    "simulation/test_simulation.py::test_a_kept_seed_still_finds_*",
    "simulation/test_simulation.py::test_a_known_hole_put_back_is_found*",
    "unit/aistudio/test_httpx2.py::*",
)
"""What takes minutes of both cores: `make proofs`, before a release."""

FIRST = ("e2e", "operate", "fuzz", "simulation", "infra")
"""The folders whose files take longest, so that no process works on one while the others have nothing left to do."""

TOGETHER = ("operate",)
"""Folders whose tests share an environment."""


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what only `make proofs` runs, and let one process run what shares Terraform, an environment, or a file."""
    here = Path(__file__).parent.name
    groups: dict[pytest.Item, str] = {}
    for item in items:
        name = item.nodeid.removeprefix(f"{here}/")
        if any(fnmatchcase(name, pattern) for pattern in PROOFS):
            item.add_marker("proof")
        folder = name.partition("/")[0]
        file = folder if folder in TOGETHER else name.partition("::")[0]
        groups[item] = "terraform" if item.get_closest_marker("terraform") else file
        item.add_marker(pytest.mark.xdist_group(groups[item]))
    items.sort(key=lambda item: _turn(groups[item]))


def _turn(group: str) -> int:
    """Terraform's tests come first, since one process has to run them all; then the folders of FIRST."""
    order = ("terraform", *FIRST)
    folder = group.partition("/")[0]
    return order.index(folder) if folder in order else len(order)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    with running_servers() as running:
        yield running


@pytest.fixture(scope="session")
def local_studio() -> Iterator[StudioHandle]:
    with running_studio(Settings(realtime_post="json")) as running:
        yield running


@pytest.fixture(scope="session")
def session_kit(servers: Servers, local_studio: StudioHandle) -> Iterator[Kit]:
    config = Config(local_studio.base_url, local_studio.folder_id, local_studio.api_key)
    api = API(config, token=lambda: "")
    dynamodb = connect_with_key(servers.endpoint, REGION, KEY_ID, KEY_SECRET)
    sqs, spectator = servers.sqs, servers.dynamodb
    with httpx.Client(base_url=servers.endpoint, trust_env=False, timeout=10) as inspector:
        stock = Stock(sqs, spectator, inspector)
        kit = Kit(servers, local_studio, api, dynamodb, sqs, spectator, stock, Seam(dynamodb), Seam(sqs))
        yield kit
    kit.ledger.close()
    kit.queues.close()
    dynamodb.close()
    sqs.close()
    spectator.close()
    api.close()


@pytest.fixture
def kit(session_kit: Kit) -> Iterator[Kit]:
    session_kit.reset()
    yield session_kit
    for package in ("aistudio", "documents", "ledger", "retention", "worker"):  # a bench's logger takes these over
        logger = logging.getLogger(package)
        logger.handlers, logger.propagate = [], True
    assert not session_kit.ledger.unused, "a fault that was armed on the ledger never came about"
    assert not session_kit.queues.unused, "a fault that was armed on a queue never came about"


@pytest.fixture
def deletions(kit: Kit) -> Bench:
    """The function that deletes: its calls may repeat."""
    return Bench(kit, delete_response.handler.function, ask.WatchedResponses(kit.api, kit.hooks))


@pytest.fixture
def creates(kit: Kit) -> Bench:
    """A function whose calls must not repeat."""
    return Bench(kit, replace(ask.handler.function, needs=0.1), ask.Asking(kit.api, kit.hooks))
