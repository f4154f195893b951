"""kopf, and all there is of it: it watches StreamConsumers and hands what it sees on.

It runs in a thread and a loop of its own, since it cancels tasks that it does not know when it ends, and takes the
signals of a main thread for itself.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

import kopf

from .api import Json
from .client import Way

__all__ = ["KopfWatch", "WatchEnded"]

_GROUP, _VERSION, _PLURAL = "sluiceway.dev", "v1alpha1", "streamconsumers"
_PREFIX = "sluiceway.dev"
_SERVER_SECONDS, _CLIENT_SECONDS = 240, 300
"""A watch is ended and begun anew after so long; a connection that died unnoticed is noticed after 70 s without a bookmark."""
_END_SECONDS = 10.0


class WatchEnded(Exception):
    """The watch ended by itself: nothing new would be seen."""


class KopfWatch:
    """Watches StreamConsumers.

    Args:
        namespaces: Where; empty: everywhere.
        way: The way to the API server.
        identity: Which operator this is; kopf would ask for the user's name, which there is none of in a container.
        take: Is given each event's type and object, in the loop of `run`.
    """

    def __init__(
        self, way: Way, identity: str, namespaces: Sequence[str], take: Callable[[str | None, Json], None]
    ) -> None:
        self._namespaces = namespaces
        self._way = way
        self._identity = identity
        self._take = take
        self._stop = threading.Event()

    async def run(self) -> None:
        """Watch until cancelled.

        Raises:
            WatchEnded: It ended before.
        """
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[str] = loop.create_future()

        def tell(how: str) -> None:
            if not ended.done():
                ended.set_result(how)

        def live() -> None:
            how = "it said no reason"
            try:
                asyncio.run(self._operate(loop))
            except Exception as error:  # noqa: BLE001  # it is told in the other thread, whatever it is
                how = f"{type(error).__name__}: {error}"
            finally:
                loop.call_soon_threadsafe(tell, how)

        # that it leaves signals alone is as it should be
        logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)
        # a daemon: a watch that does not end must not keep the process from ending
        threading.Thread(target=live, name="kopf", daemon=True).start()
        try:
            raise WatchEnded(f"the watch on StreamConsumers ended: {await asyncio.shield(ended)}")
        finally:
            self._stop.set()
            await asyncio.wait([ended], timeout=_END_SECONDS)

    async def _operate(self, loop: asyncio.AbstractEventLoop) -> None:
        await kopf.operator(
            registry=self._registry(loop),
            settings=_settings(),
            standalone=True,
            identity=self._identity,  # type: ignore[arg-type]  # a new type of str that kopf does not show
            clusterwide=not self._namespaces,
            namespaces=self._namespaces,
            stop_flag=self._stop,
        )

    def _registry(self, loop: asyncio.AbstractEventLoop) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()

        @kopf.on.login(registry=registry)
        def login(**options: Any) -> kopf.ConnectionInfo | None:
            if self._way.from_pod:
                # its token is read anew whenever the old one is refused
                return kopf.login_with_service_account(**options)
            known = self._way.configuration
            return kopf.ConnectionInfo(
                server=known.host,
                ca_path=known.ssl_ca_cert,
                insecure=not known.verify_ssl,
                certificate_path=known.cert_file,
                private_key_path=known.key_file,
                # as the official client keeps it: `Bearer TOKEN`
                token=known.api_key.get("BearerToken", "").partition(" ")[2] or None,
                username=known.username or None,
                password=known.password or None,
            )

        @kopf.on.event(group=_GROUP, version=_VERSION, plural=_PLURAL, registry=registry)
        async def seen(event: kopf.RawEvent, **_: Any) -> None:
            loop.call_soon_threadsafe(self._take, event["type"], dict(event["object"]))

        return registry


def _settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    # nothing of kopf's is written anywhere; should a later handler need to, it is under our own name from the first day
    settings.persistence.finalizer = f"{_PREFIX}/finalizer"
    settings.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix=_PREFIX)
    settings.persistence.diffbase_storage = kopf.AnnotationsDiffBaseStorage(prefix=_PREFIX)
    settings.posting.enabled = False
    # which resources and namespaces there are is known: no right to list them is needed
    settings.scanning.disabled = True
    settings.watching.server_timeout = _SERVER_SECONDS
    settings.watching.client_timeout = _CLIENT_SECONDS
    return settings
