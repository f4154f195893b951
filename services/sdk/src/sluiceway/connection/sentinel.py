"""The master that sentinels name.

The sentinels are asked at every connect and the server is asked for its role, as
https://redis.io/docs/latest/develop/reference/sentinel-clients/ demands, so nothing here has to be told of a failover.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from .address import Node
from .connector import Connector, command_reply, drop

__all__ = ["SentinelMaster"]


class SentinelMaster:
    """Opens connections to the present master of a service.

    Args:
        service: What the sentinels call it.
        sentinels: Where they are.
        asking: Makes connections to sentinels.
        connector: Makes connections to the servers they watch.
    """

    def __init__(self, service: str, sentinels: Sequence[Node], *, asking: Connector, connector: Connector) -> None:
        self._service = service
        self._sentinels = sentinels
        self._asking = asking
        self._connector = connector

    async def open(self, _: str) -> AbstractConnection:
        """Return an open connection to the server that is the master now.

        Raises:
            redis.exceptions.RedisError: No sentinel answers, none knows the service, or the master they name is none
                (the failover is still under way) or cannot be reached.
        """
        host, port = await self._master()
        connection = await self._connector.open((host, port))
        try:
            role, *_ = await command_reply(connection, "ROLE")
        except BaseException:
            await drop(connection)
            raise
        if role != b"master":
            await drop(connection)
            raise RedisConnectionError(f"{host}:{port}, which a sentinel names, is no master but a {role.decode()}")
        return connection

    async def _master(self) -> Node:
        """Ask one sentinel after the other, in any order: one that is cut off may know an old master only."""
        failures: list[str] = []
        for host, port in random.sample(self._sentinels, len(self._sentinels)):
            try:
                found = await self._asking.ask((host, port), "SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._service)
            except (RedisError, OSError) as error:
                failures.append(f"{host}:{port}: {error}")
                continue
            if found is not None:
                return found[0].decode(), int(found[1])
            failures.append(f"{host}:{port} knows no service {self._service!r}")
        raise RedisConnectionError(f"no sentinel names a master: {'; '.join(failures)}")
