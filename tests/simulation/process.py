"""Processes of the simulated world: each is one or more greenlets that stop before everything they do outside."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from greenlet import greenlet

if TYPE_CHECKING:
    from tests.simulation.queues import Post
    from tests.simulation.world import World

T = TypeVar("T")


class Crash(BaseException):
    """The process is killed here; nothing of it runs any more."""


class Violation(AssertionError):
    """An invariant does not hold."""


class Task:
    """One thread of a process. It waits before its next effect, of which `kind` and `label` tell.

    `private` effects are seen by nobody else; `history` is a hash of all that the task has seen so far.
    """

    __slots__ = ("glet", "history", "kind", "label", "name", "private", "process", "wake")

    def __init__(self, process: "Process", name: str, body: Callable[[str], None]) -> None:
        self.process = process
        self.name = name
        self.glet = greenlet(body, process.world.hub)
        self.kind = self.label = ""
        self.wake = 0.0
        self.private = False
        self.history = 0


class Process:
    """A function's invocation, or a person's program, on a machine whose clock is off by `skew` seconds.

    `ends` is when the platform kills it, `calls_end` when its last call must have ended; `posts` are what it was
    given. `timer` names the timer function that it is, if it is one. `paused`: it stood still for a while, so that
    its time may be over without any fault of its own.
    """

    def __init__(
        self, world: "World", name: str, skew: float, ends: float, posts: "Sequence[Post]" = (), url: str = ""
    ) -> None:
        self.world = world
        self.name = name
        self.skew = skew
        self.ends = ends
        self.posts = posts
        self.url = url  # of the queue that they came from
        self.calls_end = ends
        self.window = ends
        self.person = ""
        self.timer = ""
        self.paused = False
        self.denied: set[str] = set()  # keys whose calls were not let in
        self.superseded: set[str] = set()  # records of which a newer message lived when this began
        self.answers: set[str] = set()  # what its calls were answered, empty for what went well
        self.closed = False  # the service has asked for patience: no further call may begin
        self.tasks: list[Task] = []
        self._children = 0
        self._waiting: list[tuple[str, Callable[[], None]]] = []
        self._ids = 0

    def start(self, body: Callable[[], None]) -> None:
        """Run to the first effect."""
        self._spawn(self.name, body)
        self.world.settle_in()

    def new_id(self) -> str:
        """An id of which no other process makes the like."""
        self._ids += 1
        return f"{self.name}-{self._ids}"

    def kill(self) -> None:
        """End it where it stands."""
        for task in reversed(self.tasks):
            if task.glet:  # has begun, and has not ended
                task.glet.throw(Crash)
        self.tasks.clear()

    def run(self, thunks: Sequence[Callable[[], T]]) -> list[T | BaseException]:
        """Run tasks side by side, as greenlets of their own (`worker.settle.context.Run`)."""
        if len(thunks) < 2:
            return [_attempt(thunk) for thunk in thunks]
        results: list[Any] = [None] * len(thunks)

        def child(index: int, thunk: Callable[[], T]) -> None:
            results[index] = _attempt(thunk)

        self._children = len(thunks)
        self._waiting = [(f"{self.name}.{at + 1}", partial(child, at, thunk)) for at, thunk in enumerate(thunks)]
        for _ in range(min(self._children, self.world.ports_of(self.url).at_once)):
            self._spawn(*self._waiting.pop(0))
        self.world.hub.switch()  # until the last one has ended
        return results

    def _spawn(self, name: str, body: Callable[[], None]) -> None:
        def guarded(_: str) -> None:
            try:
                body()
            except Crash:
                return

        task = Task(self, name, guarded)
        self.tasks.append(task)
        self.world.fresh.append(task)

    def ended(self, task: Task) -> Task | None:
        """Take note that a task has ended; the one that waits for all of them, if it was the last one."""
        self.tasks.remove(task)
        if self._waiting:
            self._spawn(*self._waiting.pop(0))
        if self._children:
            self._children -= 1
            return self.tasks[0] if not self._children else None
        return None


def _attempt(thunk: Callable[[], T]) -> T | BaseException:
    try:
        return thunk()
    except Exception as error:  # noqa: BLE001 - the executor's contract: what was raised is given back
        return error


class ProcessClock:
    """The clock that a process sees (`worker.clock.Clock`)."""

    __slots__ = ("_process", "_world")

    def __init__(self, process: Process) -> None:
        self._process = process
        self._world = process.world

    def now(self) -> float:
        """Seconds since the epoch, as this machine believes."""
        return self._world.seen_time() + self._process.skew

    def monotonic(self) -> float:
        """Seconds that nobody has to agree about."""
        return self._world.seen_time()

    def sleep(self, seconds: float) -> None:
        """Wait while others go on."""
        self._world.sleep(seconds)
