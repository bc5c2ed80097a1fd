"""Object Storage as the claim check's client sees it."""

from functools import partial
from typing import IO, TYPE_CHECKING

from tests.simulation.table import failure, silence

if TYPE_CHECKING:
    from tests.simulation.world import World


class Bucket:
    """One bucket: what was stored, by key."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.stored: dict[str, bytes] = {}

    def put_object(self, *, Bucket: str, Key: str, Body: IO[bytes], ContentType: str) -> dict[str, str]:  # noqa: N803 - boto3's
        """Store an object."""
        return self._world.perform("store", "stores a result", partial(self._put, Key, Body.read()))

    def _put(self, key: str, body: bytes, fault: str) -> dict[str, str]:
        if fault == "refused":
            raise failure("SlowDown")
        if fault != "lost":
            self.stored[key] = body
        if fault in ("lost", "unseen"):
            raise silence()
        return {"ETag": '"simulated"'}
