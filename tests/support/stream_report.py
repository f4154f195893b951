"""What the streams on a server looked like, for the report of a failed test."""

from __future__ import annotations

from typing import Any

import redis


def describe_streams(url: str, limit: int = 20) -> str:
    """List the streams with their groups, consumers and oldest pending entries.

    Args:
        url: The server.
        limit: How many streams at most.

    Returns:
        Some lines per stream, or the reason why there are none.
    """
    lines: list[str] = []
    try:
        with redis.Redis.from_url(
            url, decode_responses=True, encoding_errors="replace", socket_timeout=2, socket_connect_timeout=2
        ) as client:
            streams = sorted(client.scan_iter(_type="stream"))
            for stream in streams[:limit]:
                lines += _describe(client, stream)
            if len(streams) > limit:
                lines.append(f"… and {len(streams) - limit} more")
    except redis.RedisError as error:
        lines.append(f"({type(error).__name__}: {error})")
    return "\n".join(lines) or "(no streams)"


def _describe(client: redis.Redis, stream: str) -> list[str]:
    about = client.xinfo_stream(stream)
    lines = [f"{stream}: {about['length']} entries, last ID {about['last-generated-id']}"]
    for group in client.xinfo_groups(stream):
        lines.append(
            f"  group {group['name']}: lag {group['lag']}, pending {group['pending']}, read up to {group['last-delivered-id']}"
        )
        lines += [
            f"    consumer {consumer['name']}: pending {consumer['pending']}, idle {consumer['idle']} ms"
            for consumer in client.xinfo_consumers(stream, group["name"])
        ]
        pending: list[dict[str, Any]] = client.xpending_range(stream, group["name"], "-", "+", 10)
        lines += [
            f"    pending {entry['message_id']}: {entry['consumer']}, delivered {entry['times_delivered']} times, "
            f"idle {entry['time_since_delivered']} ms"
            for entry in pending
        ]
    return lines
