"""The StreamConsumer by which payments is scaled: what a cluster would be given, written for one run."""

import json
from urllib.parse import urlsplit, urlunsplit

__all__ = ["NAMESPACE", "TARGET", "payments_consumer"]

NAMESPACE = "default"
TARGET = "payments"


def payments_consumer(*, redis_url: str, stream: str, most: int) -> str:
    """Write the manifest.

    The times are those of somebody who watches: in production, reductions take a minute and not seconds.

    Args:
        redis_url: the event store; user and password are left out, a manifest holds none.
        stream: what payments consumes.
        most: how many processes there may be.

    Returns:
        YAML.
    """
    parts = urlsplit(redis_url)
    url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return f"""\
apiVersion: sluiceway.dev/v1alpha1
kind: StreamConsumer
metadata:
  name: {TARGET}
spec:
  redis:
    url: {json.dumps(url)}
  stream: {json.dumps(stream)}
  group: {{name: payments}}
  scaleTargetRef: {{name: {TARGET}}}
  scaling:
    minReplicas: 0
    maxReplicas: {most}
    target: {{drainSeconds: 2}}
    initialCapacityPerReplica: 50
    scaleDown: {{stabilizationSeconds: 5, idleSeconds: 2, drainWaitSeconds: 5}}
"""
