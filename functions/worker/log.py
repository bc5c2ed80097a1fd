"""Write log lines as JSON that the platform reads, one for each message, without content."""

import logging
import sys
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

_PLATFORM_LEVELS = {"WARNING": "WARN", "CRITICAL": "FATAL"}
"""The platform knows TRACE DEBUG INFO WARN ERROR FATAL, and maps no other name
(https://yandex.cloud/en/docs/functions/operations/function/logs-write)."""

_QUIET = ("httpx", "botocore", "urllib3", "websockets")
"""Libraries whose lines show URLs or headers. Only their warnings are logged."""


class PlatformFormatter(LambdaPowertoolsFormatter):
    """Powertools' JSON with the platform's level names."""

    def serialize(self, log: Any) -> str:
        """One line of JSON."""
        log["level"] = _PLATFORM_LEVELS.get(log["level"], log["level"])
        return super().serialize(log)


def get_logger(function: str, level: str) -> Logger:
    """Make the logger of one function, which writes to stdout. The project's own packages write through it too."""
    formatter = PlatformFormatter(serialize_stacktrace=False, use_rfc3339=True, utc=True)
    logger = Logger(service=function, level=level, logger_formatter=formatter, stream=sys.stdout)
    logger.append_keys(function=function)
    for package in ("aistudio", "documents", "ledger", "retention", "worker"):
        own = logging.getLogger(package)
        own.handlers, own.propagate = list(logger.handlers), False
        own.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    return logger
