"""A StreamConsumer and its events, read from the API server with the rights of somebody who may view."""

from typing import Any

from ..explain import Account, read_account
from .api import Api

__all__ = ["fetch_account"]

_RESOURCE = "/apis/sluiceway.dev/v1alpha1"


async def fetch_account(api: Api, namespace: str, name: str) -> Account:
    """Read one StreamConsumer with its events.

    Args:
        api: The API server.
        namespace: Where it is.
        name: What it is called.

    Raises:
        ApiFault: It was refused, or nobody answers in time.
        ValueError: The object is none that this version understands.
    """
    manifest = await api.get(f"{_RESOURCE}/namespaces/{namespace}/streamconsumers/{name}")
    selector = f"involvedObject.kind=StreamConsumer,involvedObject.name={name}"
    listing = await api.get(f"/api/v1/namespaces/{namespace}/events", {"fieldSelector": selector})
    events = [_event(each) for each in listing["items"]]
    return read_account({"object": manifest, "events": [each for each in events if each["time"]]})


def _event(event: dict[str, Any]) -> dict[str, Any]:
    series = event.get("series") or {}
    return {
        "time": series.get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime"),
        "type": event.get("type", "Normal"),
        "reason": event.get("reason", ""),
        "message": event.get("message", ""),
    }
