"""HTTP as an ERP speaks it, on loopback, with what goes wrong on the way."""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Response:
    """`announced`: the length that is told, when it is not the body's. `pause`: the body waits
    until the server stops."""

    status: int
    body: bytes
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    announced: int | None = None
    pause: bool = False


class HttpServer:
    """Answers with what `answer` says, unless one of `faults` comes first. `on_the_way`: what is
    done to an answer that was given, before it is sent."""

    def __init__(self, answer: Callable[[Request], Response]) -> None:
        self.faults: deque[Response] = deque()
        self.on_the_way: Callable[[Request, Response], Response] = lambda _asked, given: given
        self.requests: list[Request] = []
        self._stopped = threading.Event()
        self._answer = answer
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.base = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def key_file(self, folder: Path, key: str) -> Path:
        file = folder / "key"
        file.write_text(f"{key}\n", encoding="utf-8")
        file.chmod(0o600)
        return file

    def _respond(self, request: Request) -> Response:
        self.requests.append(request)
        if self.faults:
            return self.faults.popleft()
        return self.on_the_way(request, self._answer(request))

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._do()

            def do_POST(self) -> None:
                self._do()

            def _do(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                headers = {name.lower(): value for name, value in self.headers.items()}
                response = server._respond(Request(self.command, self.path, headers, body))
                length = len(response.body) if response.announced is None else response.announced
                with suppress(ConnectionError):
                    self.send_response(response.status)
                    self.send_header("Content-Type", response.kind)
                    self.send_header("Content-Length", str(length))
                    for name, value in response.headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.flush()
                    if response.pause:
                        server._stopped.wait()
                    self.wfile.write(response.body)
                self.close_connection = response.announced is not None

            def log_message(self, *_args: object) -> None:
                """Nothing is told."""

        return Handler
