"""What is known of one StreamConsumer to whoever may look: the object as the API server has it, and its events.

The same document comes from a cluster and from an operator without one, which writes it to a file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..registry import Resource
from ..resource import StreamConsumerSpec, StreamConsumerStatus

__all__ = ["Account", "Note", "account_document", "read_account"]


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happened.

    Args:
        time: When.
        reason: In one word.
        message: For a person.
        warning: Whether it is bad.
    """

    time: datetime
    reason: str
    message: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """One StreamConsumer.

    Args:
        namespace: Where it is.
        name: What it is called.
        generation: Counts the changes of its spec.
        spec: What is asked for.
        status: What was told of it last; None before the first time.
        notes: Its events, the latest last.
    """

    namespace: str
    name: str
    generation: int
    spec: StreamConsumerSpec
    status: StreamConsumerStatus | None
    notes: tuple[Note, ...] = ()


def account_document(
    resource: Resource, status: StreamConsumerStatus | None, notes: Sequence[Note] = ()
) -> dict[str, Any]:
    """Return an account as JSON: `object` as the API server would have it, `events` with time, type, reason, message.

    Args:
        resource: The resource.
        status: Its status.
        notes: Its events, the latest last.
    """
    told = {} if status is None else {"status": status.model_dump(mode="json", by_alias=True, exclude_none=True)}
    return {
        "object": {
            "apiVersion": "sluiceway.dev/v1alpha1",
            "kind": "StreamConsumer",
            "metadata": {
                "namespace": resource.key.namespace,
                "name": resource.key.name,
                "uid": resource.uid,
                "generation": resource.generation,
            },
            "spec": resource.spec.model_dump(mode="json", by_alias=True, exclude_none=True),
            **told,
        },
        "events": [
            {
                "time": note.time.astimezone(UTC).isoformat(),
                "type": "Warning" if note.warning else "Normal",
                "reason": note.reason,
                "message": note.message,
            }
            for note in notes
        ],
    }


def read_account(document: Mapping[str, Any]) -> Account:
    """Read what `account_document` made.

    Args:
        document: With `object` and `events`.

    Raises:
        ValueError: It is none; pydantic's error names the field.
    """
    try:
        manifest, metadata = document["object"], document["object"]["metadata"]
        notes = [
            Note(datetime.fromisoformat(each["time"]), each["reason"], each["message"], each["type"] == "Warning")
            for each in document["events"]
        ]
        spec, status = manifest["spec"], manifest.get("status")
        namespace, name, generation = metadata.get("namespace", ""), metadata["name"], metadata.get("generation", 1)
    except (KeyError, TypeError) as error:
        raise ValueError(f"no account of a StreamConsumer: {error} is missing") from error
    return Account(
        namespace,
        name,
        generation,
        StreamConsumerSpec.model_validate(spec),
        None if status is None else StreamConsumerStatus.model_validate(status),
        tuple(sorted(notes, key=lambda note: note.time)),
    )
