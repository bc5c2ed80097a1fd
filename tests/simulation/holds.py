"""Legal holds: what they cover, since when, and what must not be deleted (I5)."""

from typing import TYPE_CHECKING, Any

from tests.simulation.plan import BEGUN, HOLD_WINDOW, SETTLING, record_key_of, subject_record_key
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
            (record_key_of("response", key), subject): BEGUN
            for key, subjects in named.items()
            for subject in subjects
            if subject and subjects == [subject] * len(subjects)
        }
        self._since: dict[str, float] = {}  # since when a record has a hold
        """Whether any was: what was just to be recorded as held comes back then, with its batch."""
        self.placed: dict[str, str] = {}  # the record of each hold that is there, by case
        self.effective: set[str] = set()  # records whose hold was reported effective

    def written(self, record_key: str, old: Item, new: Item) -> None:
        """A record was written."""
        if "hold" in new and "hold" not in old:
            self._since[record_key] = self._world.t
        elif "hold" not in new:
            self._since.pop(record_key, None)
        for case in new.get("hold", {"SS": ()})["SS"]:
            if case not in old.get("hold", {"SS": ()})["SS"]:
                self.placed[case] = record_key

    def acknowledged(self, post: Post) -> None:
        """A message has ended: whom it names is known from here on."""
        if post.body in self._subjects:
            self._named.setdefault((post.record_key, self._subjects[post.body]), self._world.t)

    def begins(self, response_id: str) -> None:
        """A deletion begins."""
        for record_key, known in self._covering(response_id):
            since = self._since.get(record_key)
            if since is not None and self._world.t > max(since, known) + HOLD_WINDOW:
                self._world.violation("I5: a deletion was begun too long after a hold was placed")

    def deleted(self, response_id: str) -> None:
        """The service has deleted a response."""
        for record_key, known in self._covering(response_id):
            if known + SETTLING < self._world.t and record_key in self.effective:
                self._world.violation("I5: deleted, though its hold had been reported effective")

    def _covering(self, response_id: str) -> list[tuple[str, float]]:
        """The records whose hold covers a response, and since when it is known that they do."""
        own = record_key_of("response", response_id)
        people = {subject: since for (record_key, subject), since in self._named.items() if record_key == own}
        for post in self._world.current.process.posts:
            if post.record_key == own and post.body in self._subjects:
                people[self._subjects[post.body]] = BEGUN
        return [(own, BEGUN), *((subject_record_key(subject), since) for subject, since in people.items())]

    def digest(self) -> tuple[Any, ...]:
        """What later verdicts depend on."""
        return (frozenset(self.effective), frozenset(self._named.items()), frozenset(self.placed.items()))
