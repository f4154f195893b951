"""What spans say, in the words of OpenTelemetry's semantic conventions for messaging, version 1.44.0.

Source: https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/messaging/messaging-spans.md
What the conventions have no word for is named `sluiceway.…`.
"""

from __future__ import annotations

from ..connection.address import read_url

__all__ = [
    "BATCH_SIZE",
    "CLIENT",
    "CORRELATION_ID",
    "DEAD_LETTER",
    "DELIVERY_COUNT",
    "DESTINATION",
    "ENTRY_ID",
    "ERROR_TYPE",
    "EVENT_TYPE",
    "GROUP",
    "MESSAGE_ID",
    "OPERATION",
    "OPERATION_TYPE",
    "OUTCOME",
    "REASON",
    "RETRY",
    "SCHEMA_URL",
    "SERVER_ADDRESS",
    "SERVER_PORT",
    "SYSTEM",
    "WAIT_SECONDS",
    "server_attributes",
]

SCHEMA_URL = "https://opentelemetry.io/schemas/1.44.0"

SYSTEM = "messaging.system"
OPERATION = "messaging.operation.name"
OPERATION_TYPE = "messaging.operation.type"
DESTINATION = "messaging.destination.name"
GROUP = "messaging.consumer.group.name"
CLIENT = "messaging.client.id"
MESSAGE_ID = "messaging.message.id"
CORRELATION_ID = "messaging.message.conversation_id"
BATCH_SIZE = "messaging.batch.message_count"
SERVER_ADDRESS = "server.address"
SERVER_PORT = "server.port"
ERROR_TYPE = "error.type"

EVENT_TYPE = "sluiceway.event.type"
ENTRY_ID = "sluiceway.entry.id"
DELIVERY_COUNT = "sluiceway.delivery.count"
OUTCOME = "sluiceway.outcome"
"""What became of a run: handled, retried, dead_lettered, lost (another consumer has the entry), cancelled (at a stop)."""
REASON = "sluiceway.dead_letter.reason"
WAIT_SECONDS = "sluiceway.retry.wait_seconds"

RETRY = "sluiceway.retry"
"""A span's event: the attempt failed and is tried again."""
DEAD_LETTER = "sluiceway.dead_letter"
"""A span's event: the entry became a dead letter."""


def server_attributes(url: str) -> dict[str, str | int]:
    """Return what every span says of the server: the first one that a URL names, never its user or password."""
    nodes = read_url(url).nodes
    if not nodes:
        return {SYSTEM: "redis"}
    host, port = nodes[0]
    return {SYSTEM: "redis", SERVER_ADDRESS: host, SERVER_PORT: port}
