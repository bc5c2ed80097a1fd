"""Object Storage: the claim check's client sees one bucket, who seals days another."""

from functools import partial
from typing import IO, TYPE_CHECKING

from tests.simulation.table import Unstored, failure, silence

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


class Vault:
    """The bucket of the evidence, as sealing sees it."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.stored: dict[str, bytes] = {}

    def put(self, name: str, content: bytes) -> None:
        """Store an object. Raises Unstored."""
        self._world.perform("store", "stores evidence", partial(self._put, name, content))

    def _put(self, name: str, content: bytes, fault: str) -> None:
        if fault not in ("refused", "lost") and self.stored.setdefault(name, content) != content:
            self._world.violation("R9: evidence was stored over other evidence")
        if fault:
            raise Unstored

    def get(self, name: str) -> bytes:
        """Read an object, which whoever asks knows to be there. Raises Unstored."""
        if name not in self.stored:
            self._world.violation("R9: what a seal is over is not in the bucket")
            raise Unstored
        return self.stored[name]
