"""How many calls an instance makes at once: CONCURRENCY at the most, and below it what the service takes."""


class Window:
    """Grows by one after a batch that filled it and met no throttling, and halves after a batch that was throttled.

    So instances that share a quota below their ceilings come to share it about evenly, whatever it is, and go up again
    when it is raised. It lives as long as the instance.
    """

    def __init__(self, ceiling: int) -> None:
        self._ceiling = ceiling
        self.size = ceiling

    def learn(self, calls: int, *, throttled: bool) -> None:
        """Take note of a batch that has made so many calls. Fewer calls than are allowed at once show nothing new."""
        if throttled:
            self.size = max(1, self.size // 2)
        elif calls >= self.size:
            self.size = min(self._ceiling, self.size + 1)
