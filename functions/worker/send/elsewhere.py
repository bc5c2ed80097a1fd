"""Messages to the queues of other functions, as CloudEvents: the id makes a repeat harmless."""

import json
from collections.abc import Mapping, Sequence

from worker.outcome import Send
from worker.receive.envelope import OUR_SOURCES, Cause
from worker.send.queue import Queue
from worker.send.queue_message import QueueMessage


class Elsewhere:
    """The queues of the functions that one function sends to: their URLs by the functions' names.

    An empty URL says that no such function is deployed: what would go to it is left out.
    """

    def __init__(self, queue: Queue, urls: Mapping[str, str], function: str) -> None:
        self._queue = queue
        self._urls = urls
        self._function = function

    def send(self, sends: Sequence[Send], cause: Cause | None = None) -> list[bool]:
        """Send all and say of each, in order, whether its queue confirmed it, or there is no such queue.

        `cause` is the message that they follow from. Raises KeyError for a function that is not among
        those that this one says it sends to.
        """
        confirmed = [not self._urls[send.function] for send in sends]
        for function in dict.fromkeys(send.function for send in sends if self._urls[send.function]):
            mine = [index for index, send in enumerate(sends) if send.function == function]
            messages = [QueueMessage(self._event(sends[index], cause)) for index in mine]
            for index, sent in zip(mine, self._queue.send(self._urls[function], messages), strict=True):
                confirmed[index] = sent
        return confirmed

    def waiting(self, function: str) -> int | None:
        """Count, about, what waits in a function's queue: 0 where there is no queue, None where it does not say."""
        return self._queue.waiting(self._urls[function]) if self._urls[function] else 0

    def _event(self, send: Send, cause: Cause | None) -> str:
        event = {
            "specversion": "1.0",
            "id": send.id,
            "source": f"{OUR_SOURCES}{self._function}",
            "type": f"yandex.aistudio.functions.{send.function}",
            "datacontenttype": "application/json",
            "data": send.data,
        }
        return json.dumps(event | (cause.attributes if cause else {}))
