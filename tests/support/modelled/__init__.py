"""What an operator works on, as a model in this process: a server with streams, pods, and time that a test lets pass."""

from __future__ import annotations

from .client import ModelledClient, modelled_home
from .judge import Judge
from .pods import ModelledPods
from .server import ModelledServer
from .specs import specs
from .world import World

__all__ = ["Judge", "ModelledClient", "ModelledPods", "ModelledServer", "World", "modelled_home", "specs"]
