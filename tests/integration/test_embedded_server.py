"""A real server as a child process: started, killed, restarted, and never left behind."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest
import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.retry import Retry
from tests.support.eventually import eventually
from tests.support.processes import Programs, gone
from tests.support.servers import StartServer

from sluiceway.embedded import EmbeddedServer, EmbeddedServerError, ServerBinary, embedded, find_binary
from sluiceway.embedded.folder_lock import LOCK_NAME

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals the child of a killed parent")


async def test_it_answers_as_soon_as_the_block_begins_and_is_gone_after_it() -> None:
    async with embedded() as server:
        pid, folder = server.pid, server.data_dir
        async with redis.asyncio.Redis.from_url(server.url) as client:
            about = await client.info("server")

    assert about["process_id"] == pid
    assert about["tcp_port"] == server.port
    assert not server.running
    gone(pid, within_seconds=0)
    assert folder not in folder.parent.iterdir()


async def test_it_is_stopped_when_the_block_fails() -> None:
    with pytest.raises(ZeroDivisionError):
        async with embedded() as server:
            raise ZeroDivisionError

    assert not server.running


async def test_cancelling_its_start_leaves_no_server_behind(tmp_path: Path) -> None:
    async def use() -> None:
        async with embedded(tmp_path):
            await asyncio.Event().wait()

    using = asyncio.create_task(use())
    lock = tmp_path / LOCK_NAME
    await eventually(lock.exists)

    using.cancel()

    with pytest.raises(asyncio.CancelledError):
        await using
    gone(int(lock.read_text()), within_seconds=0)


async def test_the_event_loop_runs_on_while_it_starts() -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.001)
            ticks += 1

    ticking = asyncio.create_task(tick())
    async with embedded():
        assert ticks > 0
    ticking.cancel()


def test_the_version_is_that_of_the_running_server(own_server: EmbeddedServer, server_binary: ServerBinary) -> None:
    with redis.Redis.from_url(own_server.url) as client:
        about = client.info("server")

    assert own_server.version == about.get("valkey_version", about["redis_version"])
    assert own_server.version == server_binary.version


def test_a_killed_server_comes_back_on_its_port_with_its_data(own_server: EmbeddedServer) -> None:
    port, first_pid = own_server.port, own_server.pid
    with redis.Redis.from_url(own_server.url) as client:
        entry_ids = [client.xadd("orders", {"n": number}) for number in range(100)]

        own_server.kill()
        assert not own_server.running
        own_server.start()

        assert own_server.port == port
        assert own_server.pid != first_pid
        assert [entry_id for entry_id, _ in client.xrange("orders")] == entry_ids


def test_a_stopped_server_comes_back_with_its_data(own_server: EmbeddedServer) -> None:
    with redis.Redis.from_url(own_server.url) as client:
        client.set("a", "1")

        own_server.stop()
        own_server.start()

        assert client.get("a") == b"1"


def test_another_object_continues_with_the_data_of_a_folder(start_server: StartServer) -> None:
    first = start_server("data")
    with redis.Redis.from_url(first.url) as client:
        client.set("a", "1")
    first.stop()

    second = start_server("data")

    with redis.Redis.from_url(second.url) as client:
        assert client.get("a") == b"1"


def test_without_the_append_only_file_nothing_is_kept(start_server: StartServer) -> None:
    server = start_server(append_only=False)
    with redis.Redis.from_url(server.url) as client:
        client.set("a", "1")

        server.kill()
        server.start()

        assert client.get("a") is None


def test_options_reach_the_server(start_server: StartServer) -> None:
    server = start_server(fsync="always", max_memory=50_000_000, extra=["maxclients 77"])

    with redis.Redis.from_url(server.url) as client:
        settings = client.config_get("appendfsync", "maxmemory", "maxmemory-policy", "maxclients", "bind", "save")

    assert settings == {
        "appendfsync": "always",
        "maxmemory": "50000000",
        "maxmemory-policy": "noeviction",
        "maxclients": "77",
        "bind": "127.0.0.1",
        "save": "",
    }


def test_a_password_is_asked_for_is_in_the_url_and_not_on_the_command_line(start_server: StartServer) -> None:
    server = start_server(password='p@ss "wörd"\\/')

    with redis.Redis.from_url(server.url) as client:
        assert client.ping()
    with redis.Redis(port=server.port, retry=Retry(NoBackoff(), 0)) as client, pytest.raises(redis.AuthenticationError):
        client.ping()
    assert "p@ss" not in Path(f"/proc/{server.pid}/cmdline").read_text()


def test_a_folder_with_spaces_and_quotes_in_its_name_works(start_server: StartServer) -> None:
    server = start_server('my "own" döta')

    with redis.Redis.from_url(server.url) as client:
        client.set("a", "1")
        server.kill()
        server.start()
        assert client.get("a") == b"1"


def test_starting_twice_is_starting_once(own_server: EmbeddedServer) -> None:
    pid = own_server.pid

    own_server.start()

    assert own_server.pid == pid


def test_stopping_a_paused_server_works(own_server: EmbeddedServer) -> None:
    pid = own_server.pid
    os.kill(pid, signal.SIGSTOP)

    own_server.stop(within_seconds=5)

    assert not Path(f"/proc/{pid}").exists()


def test_a_taken_port_is_named(start_server: StartServer, own_server: EmbeddedServer) -> None:
    with pytest.raises(EmbeddedServerError, match=f"port {own_server.port} on 127.0.0.1 .*choose another, or 0"):
        start_server("second", port=own_server.port)


def test_a_port_with_a_listener_that_is_no_server_is_named(start_server: StartServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        with pytest.raises(EmbeddedServerError, match=f"port {port} on 127.0.0.1"):
            start_server(port=port)


def test_a_folder_has_one_server_at_a_time(start_server: StartServer) -> None:
    first = start_server("data")

    with pytest.raises(EmbeddedServerError, match=rf"data' is in use by the server with process ID {first.pid}"):
        start_server("data")

    with redis.Redis.from_url(first.url) as client:
        assert client.ping()


def test_a_server_that_ends_at_once_shows_its_last_words(start_server: StartServer) -> None:
    with pytest.raises(EmbeddedServerError, match=r"(?s)ended with exit code 1.*no-such-directive"):
        start_server(extra=["no-such-directive 1"])


def test_a_damaged_file_is_an_error_with_the_servers_explanation(start_server: StartServer) -> None:
    server = start_server("data")
    with redis.Redis.from_url(server.url) as client:
        client.set("a", "1")
    server.kill()
    (file,) = server.data_dir.glob("appendonlydir/*.incr.aof")
    file.write_bytes(b"garbage\r\n" * 10)

    with pytest.raises(EmbeddedServerError, match=r"(?s)exit code 1.*Bad file format"):
        server.start()


def test_what_is_not_running_has_no_process_id(own_server: EmbeddedServer) -> None:
    own_server.kill()

    with pytest.raises(EmbeddedServerError, match=r"not running: call start\(\) first"):
        _ = own_server.pid


@linux_only
async def test_it_does_not_outlive_a_parent_that_is_killed(programs: Programs, tmp_path: Path) -> None:
    parent = programs.script(
        "import asyncio\n"
        "from sluiceway.embedded import embedded\n"
        "async def main():\n"
        f"    async with embedded({str(tmp_path / 'data')!r}) as server:\n"
        "        print('server', server.pid)\n"
        "        await asyncio.sleep(3600)\n"
        "asyncio.run(main())\n"
    )
    server_pid = int((await parent.line(r"server (\d+)"))[1])

    parent.kill()

    gone(server_pid)


async def test_it_does_not_outlive_a_parent_that_forgets_it(programs: Programs, tmp_path: Path) -> None:
    parent = programs.script(
        "from sluiceway.embedded import EmbeddedServer\n"
        f"server = EmbeddedServer({str(tmp_path / 'data')!r})\n"
        "server.start()\n"
        "print('server', server.pid)\n"
    )
    server_pid = int((await parent.line(r"server (\d+)"))[1])

    await parent.exits(0)

    gone(server_pid)


async def test_ctrl_c_in_the_terminal_leaves_it_to_its_owner(programs: Programs, tmp_path: Path) -> None:
    """Services drain first and need the server for that; a terminal signals the whole foreground process group."""
    parent = programs.script(
        "import signal\n"
        "from sluiceway.embedded import EmbeddedServer\n"
        "signal.signal(signal.SIGINT, lambda *_: print('alive' if server.running else 'gone'))\n"
        f"server = EmbeddedServer({str(tmp_path / 'data')!r})\n"
        "server.start()\n"
        "print('ready')\n"
        "while True: signal.pause()\n"
    )
    await parent.line("ready")

    os.killpg(parent.pid, signal.SIGINT)

    assert (await parent.line("alive|gone"))[0] == "alive"


async def test_the_command_prints_the_url_and_stops_on_sigterm(programs: Programs, tmp_path: Path) -> None:
    command = programs.start("-m", "sluiceway.embedded", "--port", "0")
    url = (await command.line(r"^redis://\S+"))[0]
    async with redis.asyncio.Redis.from_url(url) as client:
        await client.set("a", "1")
        server_pid = (await client.info("server"))["process_id"]

    command.terminate()

    await command.exits(0)
    gone(server_pid)
    assert (tmp_path / ".sluiceway" / "server" / "appendonlydir").is_dir()


async def test_the_command_stops_on_ctrl_c(programs: Programs) -> None:
    command = programs.start("-m", "sluiceway.embedded", "--port", "0")
    await command.line("Ctrl-C stops it")

    command.interrupt()

    await command.exits(0)


async def test_the_command_reports_a_taken_port(programs: Programs, own_server: EmbeddedServer) -> None:
    command = programs.start("-m", "sluiceway.embedded", "--port", str(own_server.port))

    await command.exits(1)

    assert f"error: port {own_server.port} on 127.0.0.1" in command.output


async def test_the_command_ends_with_its_server(programs: Programs) -> None:
    command = programs.start("-m", "sluiceway.embedded", "--port", "0")
    url = (await command.line(r"^redis://\S+"))[0]
    async with redis.asyncio.Redis.from_url(url) as client:
        server_pid = (await client.info("server"))["process_id"]

    os.kill(server_pid, signal.SIGKILL)

    await command.exits(1)
    assert "error: the server ended with exit code -9" in command.output


async def test_many_servers_at_once_get_ports_of_their_own() -> None:
    binary = find_binary()
    servers = [EmbeddedServer(binary=binary, append_only=False) for _ in range(8)]
    try:
        await asyncio.gather(*(asyncio.to_thread(server.start) for server in servers))
        await eventually(lambda: all(server.running for server in servers))
        assert len({server.port for server in servers}) == 8
    finally:
        await asyncio.gather(*(asyncio.to_thread(server.close) for server in servers))
