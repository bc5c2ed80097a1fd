"""Messages to the queues of other functions, as CloudEvents: the id makes a repeat harmless."""

import json
from collections.abc import Mapping, Sequence

from worker.outcome import Send
from worker.send.queue import Queue
from worker.send.queue_message import QueueMessage


class Elsewhere:
    """The queues of the functions that one function sends to, by their names."""

    def __init__(self, queue: Queue, urls: Mapping[str, str], function: str) -> None:
        self._queue = queue
        self._urls = urls
        self._function = function

    def send(self, sends: Sequence[Send]) -> list[bool]:
        """Send all and say of each, in order, whether its queue confirmed it.

        Raises KeyError for a function that is not among those that this one says it sends to.
        """
        confirmed: dict[int, bool] = {}
        for function in dict.fromkeys(send.function for send in sends):
            mine = [index for index, send in enumerate(sends) if send.function == function]
            messages = [QueueMessage(self._event(sends[index])) for index in mine]
            confirmed |= zip(mine, self._queue.send(self._urls[function], messages), strict=True)
        return [confirmed[index] for index in range(len(sends))]

    def _event(self, send: Send) -> str:
        return json.dumps(
            {
                "specversion": "1.0",
                "id": send.id,
                "source": f"/aistudio-functions/{self._function}",
                "type": f"yandex.aistudio.functions.{send.function}",
                "datacontenttype": "application/json",
                "data": send.data,
            }
        )
