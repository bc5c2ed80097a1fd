"""Trigger events in the shape that the platform really delivers."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types_boto3_sqs.type_defs import MessageAttributeValueOutputTypeDef, MessageTypeDef

CLOUD_ID = "b1glocalcloud0000000"
FOLDER_ID = "b1glocalfolder"


def trigger_event(messages: "Iterable[MessageTypeDef]", queue: str) -> dict[str, Any]:
    """The event for messages as ReceiveMessage gave them, with all their attributes."""
    return {"messages": [_entry(message, queue) for message in messages]}


def platform_id(message_id: str) -> str:
    """A message id in the platform's form: four groups of hex digits without leading zeros, not a UUID."""
    digits = message_id.replace("-", "")
    return "-".join(f"{int(digits[start : start + 8], 16):x}" for start in range(0, 32, 8))


def _entry(message: "MessageTypeDef", queue: str) -> dict[str, Any]:
    message_id = platform_id(message["MessageId"])
    system = {str(name): value for name, value in message["Attributes"].items()}
    sent = datetime.fromtimestamp(int(system["SentTimestamp"]) / 1000, UTC)
    return {
        "event_metadata": {
            "event_id": message_id,
            "event_type": "yandex.cloud.events.messagequeue.QueueMessage",
            "created_at": sent.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "tracing_context": None,
            "cloud_id": CLOUD_ID,
            "folder_id": FOLDER_ID,
        },
        "details": {
            "queue_id": f"yrn:yc:ymq:ru-central1:{FOLDER_ID}:{queue}",
            "message": {
                "message_id": message_id,
                "md5_of_body": message["MD5OfBody"],
                "body": message["Body"],
                "attributes": system,
                "message_attributes": _attributes(message.get("MessageAttributes", {})),
                "md5_of_message_attributes": message.get("MD5OfMessageAttributes", ""),
            },
        },
    }


def _attributes(given: "Mapping[str, MessageAttributeValueOutputTypeDef]") -> dict[str, dict[str, str]]:
    """Only String and Number were ever seen; Binary is not sent here."""
    return {
        name: {"data_type": value["DataType"], "string_value": value.get("StringValue", "")}
        for name, value in given.items()
    }
