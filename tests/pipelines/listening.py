"""Real servers on loopback that keep what they are sent: HTTP and SMTP."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Heard:
    """What a server was sent.

    Attributes:
        port: Where it listens.
        messages: JSON documents or mails, in the order in which they came.
    """

    port: int
    messages: list[Any] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/secret-path"


@contextmanager
def _serving(server: socketserver.TCPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def http_server(status: int = 200, *, wait: threading.Event | None = None) -> Iterator[Heard]:
    """A server that takes JSON by POST.

    Args:
        status: What it answers.
        wait: Until this is set it does not answer.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.messages.append(json.loads(body))
            if wait:
                wait.wait(30)
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    heard = Heard(server.server_address[1])
    with _serving(server):
        yield heard


@contextmanager
def smtp_server() -> Iterator[Heard]:
    """A mail server that takes everything, without encryption."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 loopback")
            while line := self.rfile.readline():
                word = line.split()[0].upper()
                if word == b"DATA":
                    self._say("354 go on")
                    rows = list(iter(self.rfile.readline, b".\r\n"))
                    heard.messages.append(b"".join(rows))
                self._say("221 bye" if word == b"QUIT" else "250 ok")
                if word == b"QUIT":
                    return

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    heard = Heard(server.server_address[1])
    with _serving(server):
        yield heard
