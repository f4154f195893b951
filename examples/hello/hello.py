"""Two services and a stream between them: one says hello, the other answers. Run it: python examples/hello/hello.py"""

import asyncio

from sluiceway import Event, Publisher, Service
from sluiceway.embedded import embedded


class Greeting(Event, type="GREETING"):
    name: str


async def main() -> None:
    async with embedded() as server:  # or the URL of a server of yours
        greeted: asyncio.Queue[str] = asyncio.Queue()
        service = Service("greeter", redis=server.url)

        @service.on(Greeting, stream="greetings")
        async def greet(greeting: Greeting) -> None:
            await greeted.put(f"Hello, {greeting.name}!")

        async with service, Publisher(server.url, stream="greetings") as publisher:
            await publisher.publish_many([Greeting(name=name) for name in ("Ada", "Grace", "Edsger")])
            for _ in range(3):
                print(await greeted.get())


if __name__ == "__main__":
    asyncio.run(main())
