"""How the SDK reaches its servers: settings, and connections that carry one command at a time.

redis-py opens, authenticates and encrypts the connections; the engine talks over them directly, because packing
thousands of arguments of one commit and parsing stream replies is where its time goes.
"""

from .endpoint import Endpoint
from .link import Argument, Link
from .replicated import ReplicasMissing, writing_link
from .settings import RedisSettings

__all__ = ["Argument", "Endpoint", "Link", "RedisSettings", "ReplicasMissing", "writing_link"]
