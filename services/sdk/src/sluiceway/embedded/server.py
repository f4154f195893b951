"""A real server as a child process: started, stopped, killed and started again."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from sluiceway.embedded.binary import ServerBinary, find_binary, inspect_binary
from sluiceway.embedded.errors import EmbeddedServerError, PortTakenError
from sluiceway.embedded.folder_lock import LOCK_NAME, lock_folder
from sluiceway.embedded.lifetime import die_with_parent
from sluiceway.embedded.ports import HOST, free_port, refuse_taken_port
from sluiceway.embedded.settings import Fsync, ServerSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

_POLL_SECONDS: Final = 0.01
_PORT_ATTEMPTS: Final = 5


class EmbeddedServer:
    """A Redis or Valkey server that belongs to this process.

    It listens on the loopback interface only and ends with this process: on Linux even when this process gets a SIGKILL (the
    thread that called `start` has to stay alive), elsewhere at the interpreter's exit. It runs in a session of its own, so that
    Ctrl-C in the terminal leaves it to its owner to stop it last. After `stop` or `kill`, `start` brings it back on the same
    port with the same data.

    Args:
        data_dir: Folder for its data and its log (`server.log`), created if missing; None: a temporary one, removed by `close`.
        port: TCP port; 0: a free one, kept across restarts.
        append_only, fsync, max_memory, password, extra: See `ServerSettings`.
        binary: The program to run; None: what `find_binary` finds.
        start_seconds: How long a start may take, loading the data included.

    Raises:
        EmbeddedServerError: There is no server program to run.

    Example:
        >>> with EmbeddedServer(data_dir=Path(".sluiceway/server")) as server:
        ...     redis.Redis.from_url(server.url).ping()
    """

    def __init__(
        self,
        data_dir: Path | str | None = None,
        port: int = 0,
        *,
        append_only: bool = True,
        fsync: Fsync = "everysec",
        max_memory: int | None = None,
        password: str | None = None,
        extra: Sequence[str] = (),
        binary: ServerBinary | Path | str | None = None,
        start_seconds: float = 30.0,
    ) -> None:
        self.settings = ServerSettings(
            append_only, fsync, max_memory, password, tuple(extra) if not isinstance(extra, str) else extra
        )
        self.binary = _resolve(binary)
        self.start_seconds = start_seconds
        self._remove_data: Callable[[], object] = lambda: None
        if data_dir is None:
            self.data_dir = Path(tempfile.mkdtemp(prefix="sluiceway-"))
            self._remove_data = weakref.finalize(self, shutil.rmtree, self.data_dir, ignore_errors=True)
        else:
            self.data_dir = Path(data_dir).resolve()
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None
        # A stop that comes while another thread is starting it (a cancelled `embedded`) has to wait, or it would find nothing.
        self._changing = threading.RLock()

    @property
    def port(self) -> int:
        """The TCP port; 0 before the first start unless one was asked for."""
        return self._port

    @property
    def url(self) -> str:
        """What a client connects to, password included."""
        password = self.settings.password
        credentials = "" if password is None else f":{quote(password, safe='')}@"
        return f"redis://{credentials}{HOST}:{self._port}/0"

    @property
    def version(self) -> str:
        """The server's version, for example "7.0.15"."""
        return self.binary.version

    @property
    def log_path(self) -> Path:
        """Where the server of the latest start writes its log."""
        return self.data_dir / "server.log"

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The server's process ID.

        Raises:
            EmbeddedServerError: It is not running.
        """
        if self._process is None or self._process.poll() is not None:
            raise EmbeddedServerError("the embedded server is not running: call start() first")
        return self._process.pid

    def start(self) -> None:
        """Start the server and wait until it answers PONG. Does nothing if it runs already.

        Raises:
            EmbeddedServerError: The port or the data folder is taken, the server ended at once (its last log lines are in the
                text), or it did not answer in time.
        """
        with self._changing:
            self._start()

    def stop(self, within_seconds: float = 10.0) -> None:
        """Shut the server down, its data written; kill it if that takes too long. Does nothing if it does not run.

        Args:
            within_seconds: How long the shutdown may take.
        """
        self._end(signal.SIGTERM, within_seconds)

    def kill(self) -> None:
        """SIGKILL the server, as a crash would, and wait until it is gone. Does nothing if it does not run."""
        self._end(signal.SIGKILL)

    def wait(self) -> int:
        """Wait until the server ends by itself.

        Returns:
            Its exit code; negative: the signal that ended it.

        Raises:
            EmbeddedServerError: It is not running.
        """
        if self._process is None:
            raise EmbeddedServerError("the embedded server is not running: call start() first")
        return self._process.wait()

    def last_log_lines(self, count: int = 15) -> str:
        """Show the end of the log of the latest start.

        Args:
            count: How many lines at most.

        Returns:
            The lines, indented.
        """
        try:
            lines = self.log_path.read_text(errors="replace").splitlines()
        except OSError as error:
            return f"  (no log: {error})"
        return "\n".join(f"  {line}" for line in lines[-count:])

    def close(self) -> None:
        """Stop the server and remove its data folder if that was a temporary one. Afterwards it cannot be started again."""
        self.stop()
        self._remove_data()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _start(self) -> None:
        if self.running:
            return
        any_port_will_do = self._port == 0
        for attempt in range(1, _PORT_ATTEMPTS + 1):
            if any_port_will_do:
                self._port = free_port()
            try:
                self._launch()
                self._wait_until_ready()
            except BaseException as error:
                self._end(signal.SIGKILL)
                if any_port_will_do:
                    self._port = 0
                    if isinstance(error, PortTakenError) and attempt < _PORT_ATTEMPTS:
                        continue  # somebody took it after it was found free
                raise
            atexit.register(self.stop)
            return

    def _launch(self) -> None:
        refuse_taken_port(self._port)
        self.data_dir.mkdir(parents=True, exist_ok=True)
        lock = lock_folder(self.data_dir)
        try:
            with self.log_path.open("wb") as log:
                process = subprocess.Popen(
                    [self.binary.path, "-"],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=self.data_dir,
                    start_new_session=True,
                    pass_fds=[lock],  # held by the server itself: free again when it is gone, however it went
                    preexec_fn=die_with_parent(),  # noqa: PLW1509 - two system calls, looked up before the fork
                )
        finally:
            os.close(lock)
        self._process = process
        (self.data_dir / LOCK_NAME).write_text(f"{process.pid}\n")
        assert process.stdin is not None
        try:
            with process.stdin as configuration:
                configuration.write(self.settings.render(port=self._port, data_dir=self.data_dir).encode())
        except BrokenPipeError:
            pass  # it is gone already: the wait below says why

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + self.start_seconds
        client = redis.Redis(
            host=HOST,
            port=self._port,
            password=self.settings.password,
            socket_timeout=2,
            socket_connect_timeout=2,
            retry=Retry(NoBackoff(), 0),
        )
        with client:
            while True:
                problem = self._why_not_ready(client)
                if problem is None:
                    return
                if self._process.poll() is not None:
                    raise self._died(self._process.returncode)
                if time.monotonic() >= deadline:
                    raise EmbeddedServerError(
                        f"{self.binary.description} did not become ready within {self.start_seconds} s: {problem}\n{self.last_log_lines()}"
                    )
                time.sleep(_POLL_SECONDS)

    def _why_not_ready(self, client: redis.Redis) -> str | None:
        assert self._process is not None
        try:
            client.ping()
            # While ours is still failing to bind, a stranger that took the port meanwhile would answer as well.
            answering = client.info("server")["process_id"]
        except (redis.AuthenticationError, redis.ResponseError) as error:
            if "LOADING" in str(error):
                return "loading its data"
            raise EmbeddedServerError(f"{self.binary.description} refuses its own password: {error}") from error
        except (redis.RedisError, OSError) as error:
            return str(error)
        return None if answering == self._process.pid else f"process {answering} answers on port {self._port}"

    def _died(self, code: int) -> EmbeddedServerError:
        lines = self.last_log_lines()
        if "Address already in use" in lines:
            return PortTakenError(
                f"port {self._port} on {HOST} is taken by another process: choose another, or 0 for a free one"
            )
        return EmbeddedServerError(
            f"{self.binary.description} ended with exit code {code} at its start. Its last log lines:\n{lines}"
        )

    def _end(self, signal_number: signal.Signals, within_seconds: float = 10.0) -> None:
        with self._changing:
            process, self._process = self._process, None
            atexit.unregister(self.stop)
            if process is None:
                return
            if process.poll() is None:
                process.send_signal(signal_number)
                process.send_signal(signal.SIGCONT)  # a paused process would not see the SIGTERM
            try:
                process.wait(within_seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _resolve(binary: ServerBinary | Path | str | None) -> ServerBinary:
    if binary is None:
        return find_binary()
    return binary if isinstance(binary, ServerBinary) else inspect_binary(Path(binary))
