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


_OF_EVERY_RECORD = logging.makeLogRecord({}).__dict__.keys() | {"message", "asctime"}
"""What logging itself keeps of a line; the rest is what the line was given."""


class PlatformFormatter(LambdaPowertoolsFormatter):
    """Powertools' JSON with the platform's level names."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, as Powertools makes it of what raised; it would take twice as long for all others."""
        if record.exc_info:
            return super().format(record)
        line = {
            "level": record.levelname,
            "location": f"{record.funcName}:{record.lineno}",
            "message": record.getMessage(),
            "timestamp": self.formatTime(record),
        }
        line |= {name: value for name, value in self.get_current_keys().items() if name not in line}
        line |= {name: value for name, value in record.__dict__.items() if name not in _OF_EVERY_RECORD}
        return self.serialize({name: value for name, value in line.items() if value is not None})

    def serialize(self, log: Any) -> str:
        """Return one line of JSON."""
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
