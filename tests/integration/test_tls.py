"""Connections over TLS: who is trusted, what a fault says, and that new certificates are picked up."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from tests.support.cli import sluiceway
from tests.support.consuming import running
from tests.support.eventually import eventually
from tests.support.numbered import QUICK, Numbered, Recorder, answers
from tests.support.tls import Authority, TlsServer, with_tls

from sluiceway import ConfigurationError, Lease, Publisher, RedisSettings, Service, Unavailable

Redis = redis.asyncio.Redis
StartTls = Callable[..., TlsServer]

LONG_SECONDS = 10.0
"""What no call may take: several times its time-outs, for a busy machine, yet far from a hang."""

pytestmark = with_tls


def consumer(settings: RedisSettings, recorder: Recorder, lease: Lease = QUICK) -> Service:
    service = Service("payments", settings, grace_seconds=2)
    service.on(Numbered, stream="orders", publishes="payments")(recorder.answer)
    service.consume("orders", lease=lease)
    return service


def fault_of(service: Service) -> str:
    return service.consumers[0].health.fault or ""


async def publish(settings: RedisSettings, number: int = 1) -> None:
    async with Publisher(settings, "orders") as publisher:
        await publisher.publish(Numbered(number=number))


def plain(server: TlsServer) -> AbstractAsyncContextManager[Redis]:
    return Redis.from_url(server.plain.url)


@pytest.mark.parametrize("ask_clients", [False, True], ids=["server's certificate", "both certificates"])
async def test_publisher_consumer_leases_and_command_line_work_over_tls(
    start_tls_server: StartTls,
    *,
    ask_clients: bool,
) -> None:
    server = start_tls_server(ask_clients=ask_clients)
    own = server.authority.issue("shop", to="client")
    files = {"tls_certificate_file": own.certificate, "tls_key_file": own.key} if ask_clients else {}
    settings = server.settings(**files)
    recorder = Recorder(closed=[2])
    service = consumer(settings, recorder)
    async with plain(server) as client, running(service, client):
        await publish(settings, 1)
        await eventually(lambda: answers(client, "payments"))
        await publish(settings, 2)
        await eventually(lambda: 2 in recorder.begun)
        await eventually(lambda: renewed(client), what="the lease is renewed")
        recorder.open()
        await eventually(lambda: recorder.handled == [1, 2])

        told = {f"SLUICEWAY_{name.upper()}": str(file) for name, file in files.items()}
        listed = await asyncio.to_thread(
            sluiceway, server.url, "groups", "--tls-ca-file", str(server.authority.file), env=told
        )

    assert listed.code == 0, listed
    assert "payments" in listed.out


async def renewed(client: Redis) -> bool:
    pending: Any = await client.xpending_range("orders", "payments", "-", "+", 10)
    return len(pending) == 1 and pending[0]["time_since_delivered"] < QUICK.seconds * 1000 / 3


# --- what a fault says ------------------------------------------------------------------------------------------------

Given = tuple[RedisSettings, str]


def wrong_authority(start: StartTls, folder: Path) -> Given:
    return start().settings(tls_ca_file=Authority(folder, "other").file), "nobody in tls_ca_file .* has signed"


def unknown_authority(start: StartTls, _: Path) -> Given:
    return RedisSettings(url=start().url), "give its CA's file"


def expired(start: StartTls, folder: Path) -> Given:
    authority = Authority(folder, "brief")
    server = start(authority.issue("127.0.0.1", expired=True))
    return server.settings(tls_ca_file=authority.file), "renew the server's certificate"


def wrong_host(start: StartTls, folder: Path) -> Given:
    authority = Authority(folder, "elsewhere")
    server = start(authority.issue("example.org"))
    return server.settings(tls_ca_file=authority.file), "127.0.0.1.*certificate names others.*tls_check_host_name"


def no_certificate_of_ours(start: StartTls, _: Path) -> Given:
    return start(ask_clients=True).settings(), "asks for (a certificate of ours: give|one: see) tls_certificate_file"


def no_certificate_of_ours_1_2(start: StartTls, _: Path) -> Given:
    server = start(ask_clients=True, extra=["tls-protocols TLSv1.2"])
    return server.settings(), "may want a certificate of ours: give tls_certificate_file"


def a_strangers_certificate(start: StartTls, folder: Path) -> Given:
    own = Authority(folder, "stranger").issue("shop", to="client")
    files = {"tls_certificate_file": own.certificate, "tls_key_file": own.key}
    return start(ask_clients=True).settings(**files), "(does not know who signed|does not accept) our certificate"


def an_expired_certificate_of_ours(start: StartTls, _: Path) -> Given:
    server = start(ask_clients=True)
    own = server.authority.issue("shop", to="client", expired=True)
    return server.settings(
        tls_certificate_file=own.certificate, tls_key_file=own.key
    ), "(renew|see) tls_certificate_file"


def anothers_key(start: StartTls, folder: Path) -> Given:
    server = start(ask_clients=True)
    own = server.authority.issue("shop", to="client")
    other = Authority(folder, "other").issue("shop", to="client")
    return server.settings(tls_certificate_file=own.certificate, tls_key_file=other.key), "not the key of"


def no_key(start: StartTls, _: Path) -> Given:
    own = (server := start(ask_clients=True)).authority.issue("shop", to="client")
    return server.settings(
        tls_certificate_file=own.certificate
    ), "must hold a certificate, and it or tls_key_file a key"


def a_missing_file(start: StartTls, folder: Path) -> Given:
    return start().settings(tls_ca_file=folder / "gone.pem"), "tls_ca_file .*gone.pem: No such file"


def a_file_of_something_else(start: StartTls, folder: Path) -> Given:
    (folder / "notes.txt").write_text("buy milk")
    return start().settings(tls_ca_file=folder / "notes.txt"), "no certificate in PEM form in tls_ca_file"


def a_port_without_tls(start: StartTls, _: Path) -> Given:
    server = start()
    url = server.plain.url.replace("redis://", "rediss://")
    return server.settings(url=url, connect_timeout_seconds=0.5), "does the server speak TLS at this port"


def too_old_a_version(start: StartTls, _: Path) -> Given:
    server = start(extra=["tls-protocols TLSv1.2"])
    return server.settings(tls_minimum_version="1.3"), "older than tls_minimum_version"


@pytest.mark.parametrize(
    "prepare",
    [
        wrong_authority, unknown_authority, expired, wrong_host, no_certificate_of_ours, no_certificate_of_ours_1_2,
        a_strangers_certificate, an_expired_certificate_of_ours, anothers_key, no_key, a_missing_file,
        a_file_of_something_else, a_port_without_tls, too_old_a_version,
    ],
    ids=lambda prepare: prepare.__name__,
)  # fmt: skip
async def test_what_is_wrong_and_what_to_do_is_told_in_bounded_time(
    start_tls_server: StartTls,
    tmp_path: Path,
    prepare: Callable[[StartTls, Path], Given],
) -> None:
    settings, wanted = prepare(start_tls_server, tmp_path)
    service = consumer(settings, Recorder())
    began = time.monotonic()

    with pytest.raises(Unavailable, match=wanted):
        await publish(settings)

    assert time.monotonic() - began < LONG_SECONDS
    async with service:
        await eventually(lambda: fault_of(service))
        with pytest.raises(Unavailable, match=wanted):
            raise Unavailable(fault_of(service))


async def test_a_host_name_need_not_match_where_that_is_said(start_tls_server: StartTls, tmp_path: Path) -> None:
    settings, _ = wrong_host(start_tls_server, tmp_path)

    await publish(settings.model_copy(update={"tls_check_host_name": False}))


def test_the_command_line_tells_a_certificate_that_nobody_known_has_signed(start_tls_server: StartTls) -> None:
    server = start_tls_server()

    sluiceway(server.url, "groups").failed(3, "give its CA's file")
    sluiceway(server.plain.url, "groups", "--tls-ca-file", str(server.authority.file)).failed(
        2, "--tls-ca-file", "rediss"
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"url": "redis://h", "tls_ca_file": "ca.pem"}, "tls_ca_file: only used with TLS"),
        ({"url": "rediss://h", "tls_key_file": "own.key"}, "tls_key_file: needs tls_certificate_file"),
    ],
)
def test_files_that_would_not_be_used_are_refused(given: dict[str, str], words: str, server_binary: object) -> None:
    del server_binary  # which server is meant says nothing here
    with pytest.raises(ConfigurationError, match=words):
        Publisher(RedisSettings(**given), "orders")  # type: ignore[arg-type]  # pydantic makes paths of them


# --- certificates that change -----------------------------------------------------------------------------------------


async def test_a_service_whose_servers_certificate_ran_out_goes_on_by_itself_once_there_is_a_good_one(
    start_tls_server: StartTls,
) -> None:
    server = start_tls_server()
    recorder = Recorder()
    service = consumer(server.settings(), recorder)
    async with plain(server) as client, running(service, client):
        await eventually(lambda: service.consumers[0].health.seconds_without_contact() < LONG_SECONDS)
        server.use(server.authority.issue("127.0.0.1", to="old", expired=True))
        await eventually(lambda: "renew the server's certificate" in fault_of(service))

        server.use(server.authority.issue("127.0.0.1", to="new"))

        await publish(server.settings())
        await eventually(lambda: recorder.handled == [1], within_seconds=60)


async def test_renewed_files_of_ours_are_read_again(start_tls_server: StartTls, tmp_path: Path) -> None:
    server = start_tls_server(ask_clients=True)
    own = server.authority.issue("shop", to="client", expired=True)
    ca = tmp_path / "mounted.pem"
    Authority(tmp_path, "former").file.rename(ca)
    settings = server.settings(tls_ca_file=ca, tls_certificate_file=own.certificate, tls_key_file=own.key)
    recorder = Recorder()
    service = consumer(settings, recorder)
    async with service, Publisher(settings, "orders") as publisher:
        await eventually(lambda: "tls_ca_file" in fault_of(service))
        ca.write_bytes(server.authority.file.read_bytes())
        await eventually(lambda: "tls_certificate_file" in fault_of(service))
        with pytest.raises(Unavailable):
            await publisher.publish(Numbered(number=1))

        server.authority.issue("shop", to="client")

        await publisher.publish(Numbered(number=1))
        await eventually(lambda: recorder.handled == [1], within_seconds=60)
