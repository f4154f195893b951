"""The master that sentinels name.

They are asked again every second, not only when a connection breaks: an old master that stood still, or was cut off, goes on
to answer on the connections that it has, and what it says of a backlog must not be believed.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from typing_extensions import override

from .address import Host
from .node import Access, Node
from .topology import Topology

__all__ = ["SentinelMaster"]

_BELIEVED_SECONDS = 1.0


class SentinelMaster(Topology):
    """Holds every stream on the server that is the master of a service now.

    Args:
        service: What the sentinels call it.
        sentinels: Where they are.
        asking: How to connect to them.
        access: How to connect to the servers.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        service: str,
        sentinels: Sequence[Host],
        *,
        asking: Access,
        access: Access,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._service = service
        self._sentinels = [Node(host, asking) for host in sentinels]
        self._access = access
        self._clock = clock
        self._master: Node | None = None
        self._believed_until = float("-inf")
        self._looking = asyncio.Lock()

    @override
    def part_of(self, stream: str) -> int:
        return 0

    @override
    async def node_of(self, stream: str) -> Node:
        async with self._looking:
            if self._master is None or self._clock() >= self._believed_until:
                self._master = await self._look(self._master)
                self._believed_until = self._clock() + _BELIEVED_SECONDS
            return self._master

    @override
    async def node_at(self, host: str, port: int) -> Node:
        return await self.node_of("")

    @override
    async def nodes(self) -> Collection[Node]:
        return (await self.node_of(""),)

    @override
    async def doubt(self, node: Node) -> None:
        if node is self._master:
            self._believed_until = float("-inf")

    @override
    async def close(self) -> None:
        await asyncio.gather(*(sentinel.close() for sentinel in self._sentinels))
        if self._master is not None:
            await self._master.close()

    async def _look(self, known: Node | None) -> Node:
        """Return the master, with the connections that there are if it is still the same, and if it says so itself."""
        host = await self._named()
        master = known if known is not None and known.host == host else Node(host, self._access)
        try:
            await _see_master(master)
        except BaseException:
            if master is not known:
                await master.close()
            raise
        if known is not None and known is not master:
            await known.close()
        return master

    async def _named(self) -> Host:
        """Return whom most sentinels name: one that is cut off may know an old master only."""
        named: Counter[Host] = Counter()
        failures: list[str] = []
        asked = [asyncio.create_task(self._ask(sentinel)) for sentinel in self._sentinels]
        try:
            for answering in asyncio.as_completed(asked):
                answer = await answering
                if isinstance(answer, str):
                    failures.append(answer)
                    continue
                named[answer] += 1
                if named[answer] > len(asked) / 2:
                    return answer  # one that does not answer at all is not waited for
        finally:
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
        if not named:
            raise RedisConnectionError(f"no sentinel names a master: {'; '.join(failures)}")
        ((host, _),) = named.most_common(1)
        return host

    async def _ask(self, sentinel: Node) -> Host | str:
        """Return whom a sentinel names, or why it names nobody."""
        try:
            found = await sentinel.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._service)
        except (RedisError, OSError, TimeoutError) as error:
            return f"{sentinel}: {str(error) or type(error).__name__}"
        if found is None:
            return f"{sentinel} knows no service {self._service}"
        return found[0].decode(), int(found[1])


async def _see_master(node: Node) -> None:
    """Return if a server says itself that it is a master."""
    role, *_ = await node.ask("ROLE")
    if role != b"master":
        raise RedisConnectionError(f"{node}, which sentinels name, is no master but a {role.decode()}")
