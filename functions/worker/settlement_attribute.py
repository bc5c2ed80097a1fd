"""What a message queue can hold, and what travels on a message beside its body."""

import re

_REFUSED = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def sendable(text: str) -> bool:
    """Whether the queue takes this text: it refuses what XML 1.0 can't hold."""
    return not _REFUSED.search(text)


def cleaned(text: str) -> str:
    """The text with a question mark for each character that the queue refuses."""
    return _REFUSED.sub("?", text)
