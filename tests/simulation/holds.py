"""Legal holds: what they cover, since when, and what must not be deleted (I5)."""

from typing import TYPE_CHECKING, Any

from tests.simulation.plan import BEGUN, HOLD_WINDOW, SETTLING, row_key, subject_row
from tests.simulation.queues import Post
from tests.simulation.records import Item

if TYPE_CHECKING:
    from tests.simulation.world import World


class HoldWatch:
    """Knows the holds that are there, and whom the ledger can know a response to concern."""

    def __init__(self, world: "World") -> None:
        self._world = world
        messages = [sent for sent in world.plan.messages if sent.key]
        self._subjects = {sent.body: sent.subject for sent in messages if sent.subject}
        named = {key: [sent.subject for sent in messages if sent.key == key] for key in {sent.key for sent in messages}}
        self._named: dict[tuple[str, str], float] = {  # since when a response is known to concern somebody
            (row_key("response", key), subject): BEGUN
            for key, subjects in named.items()
            for subject in subjects
            if subject and subjects == [subject] * len(subjects)
        }
        self._since: dict[str, float] = {}  # since when a row has a hold
        self.placed: dict[str, str] = {}  # the row of each hold that is there, by case
        self.effective: set[str] = set()  # rows whose hold was reported effective

    def written(self, row: str, old: Item, new: Item) -> None:
        """A row was written."""
        if "hold" in new and "hold" not in old:
            self._since[row] = self._world.t
        elif "hold" not in new:
            self._since.pop(row, None)
        for case in new.get("hold", {"SS": ()})["SS"]:
            if case not in old.get("hold", {"SS": ()})["SS"]:
                self.placed[case] = row

    def acknowledged(self, post: Post) -> None:
        """A message has ended: whom it names is known from here on."""
        if post.body in self._subjects:
            self._named.setdefault((post.row, self._subjects[post.body]), self._world.t)

    def begins(self, response_id: str) -> None:
        """A deletion begins."""
        for row, known in self._covering(response_id):
            since = self._since.get(row)
            if since is not None and self._world.t > max(since, known) + HOLD_WINDOW:
                self._world.violation("I5: a deletion was begun too long after a hold was placed")

    def deleted(self, response_id: str) -> None:
        """The service has deleted a response."""
        for row, known in self._covering(response_id):
            if known + SETTLING < self._world.t and row in self.effective:
                self._world.violation("I5: deleted, though its hold had been reported effective")

    def _covering(self, response_id: str) -> list[tuple[str, float]]:
        """The rows whose hold covers a response, and since when it is known that they do."""
        own = row_key("response", response_id)
        people = {subject: since for (row, subject), since in self._named.items() if row == own}
        for post in self._world.current.process.posts:
            if post.row == own and post.body in self._subjects:
                people[self._subjects[post.body]] = BEGUN
        return [(own, BEGUN), *((subject_row(subject), since) for subject, since in people.items())]

    def digest(self) -> tuple[Any, ...]:
        """What later verdicts depend on."""
        return (frozenset(self.effective), frozenset(self._named.items()), frozenset(self.placed.items()))
