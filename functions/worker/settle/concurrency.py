"""How many calls an instance makes at once: CONCURRENCY at the most, and below it what the service takes."""

STAYS = 5
"""Batches that stay just below what was throttled last, before more is asked for once more."""


class Window:
    """Grows by one after a batch that filled it and met no throttling, and a quarter down after a throttled one.

    So instances that share a quota below their ceilings come to share it about evenly, whatever it is, and go up again
    when it is raised. It lives as long as the instance.
    """

    def __init__(self, ceiling: int) -> None:
        self._ceiling = ceiling
        self.size = ceiling
        self._throttled_at = 0
        self._stayed = 0

    def learn(self, calls: int, *, throttled: bool) -> None:
        """Take note of a batch that has made so many calls. Fewer calls than are allowed at once show nothing new."""
        if throttled:
            self._throttled_at, self._stayed = self.size, 0
            self.size = max(1, self.size * 3 // 4)
        elif calls >= self.size:
            if self.size + 1 == self._throttled_at and self._stayed < STAYS:
                self._stayed += 1
            else:
                self.size = min(self._ceiling, self.size + 1)
