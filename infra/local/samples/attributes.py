"""Message attributes of a trigger event, in snake case as really seen or in camel case as documented."""

import hashlib
from collections.abc import Mapping

SETTLEMENT = "settlement"

Attribute = Mapping[str, str]
"""The type and the text of one attribute."""

_SPELLINGS = {"DataType": ("data_type", "dataType"), "StringValue": ("string_value", "stringValue")}


def for_queue(attributes: Mapping[str, Attribute]) -> dict[str, dict[str, str]]:
    """The attributes as SendMessage takes them."""
    return {
        name: {
            part: attribute[spelling] for part in _SPELLINGS for spelling in _SPELLINGS[part] if spelling in attribute
        }
        for name, attribute in attributes.items()
    }


def text_of(attribute: Attribute) -> str:
    """The attribute's text."""
    return next(attribute[spelling] for spelling in _SPELLINGS["StringValue"] if spelling in attribute)


def with_text(attribute: Attribute, text: str) -> dict[str, str]:
    """The attribute with another text."""
    return {part: text if part in _SPELLINGS["StringValue"] else value for part, value in attribute.items()}


def md5_of_attributes(attributes: Mapping[str, Attribute]) -> str:
    """The digest that the queue gives of message attributes; empty where there are none.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
    """
    digest = hashlib.md5(usedforsecurity=False)
    for name, attribute in sorted(for_queue(attributes).items()):
        for part in (name, attribute["DataType"]):
            digest.update(len(part.encode()).to_bytes(4) + part.encode())
        text = attribute["StringValue"].encode()
        digest.update(b"\x01" + len(text).to_bytes(4) + text)  # 1: text; 2 would be binary
    return digest.hexdigest() if attributes else ""
