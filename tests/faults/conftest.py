import pytest

from tests.support.bench import Bench


@pytest.fixture
def stored(deletions: Bench) -> Bench:
    """A bench for deletions, with one response to delete."""
    deletions.studio.seed("resp_1")
    return deletions
