"""Real servers on loopback that keep what they are sent: HTTP and SMTP."""

import base64
import contextlib
import json
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.certificates import Issued


@dataclass
class Heard:
    """What a server was sent.

    Attributes:
        port: Where it listens.
        messages: JSON documents or mails, in the order in which they came.
        is_encrypted: Of each mail, whether it came by TLS.
    """

    port: int
    messages: list[Any] = field(default_factory=list)
    is_encrypted: list[bool] = field(default_factory=list)

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
def smtp_server(
    issued: Issued | None = None,
    *,
    is_tls_at_once: bool = False,
    login: tuple[str, str] | None = None,
    refused: str | None = None,
) -> Iterator[Heard]:
    """A mail server that takes everything.

    Args:
        issued: Its certificate; without it nothing is encrypted.
        is_tls_at_once: TLS from the first byte, instead of by STARTTLS.
        login: User and password without which it takes nothing, and that it asks for in TLS only.
        refused: Address that it takes no mail for.
    """

    class Handler(_SmtpHandler):
        pass

    Handler.login, Handler.refused, Handler.is_tls_at_once = login, refused, is_tls_at_once
    if issued:
        Handler.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        Handler.context.load_cert_chain(issued.certificate, issued.key)
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    heard = Handler.heard = Heard(server.server_address[1])
    with _serving(server):
        yield heard


class _SmtpHandler(socketserver.StreamRequestHandler):
    """One connection of a mail client."""

    heard: Heard
    context: ssl.SSLContext | None = None
    is_tls_at_once = False
    login: tuple[str, str] | None = None
    refused: str | None = None

    def handle(self) -> None:
        self._is_encrypted = False
        self._is_known = self.login is None
        with contextlib.suppress(OSError):  # a client that goes because of the certificate
            if self.is_tls_at_once:
                self._encrypt()
            self._say("220 loopback")
            while line := self.rfile.readline():
                if not self._answer(line.decode().strip()):
                    return

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()
        self.request.close()

    def _answer(self, line: str) -> bool:
        """Answer a command; False where it was the last."""
        word, _, rest = line.partition(" ")
        word = word.upper()
        if word == "EHLO":
            self._say("\r\n".join(["250-loopback", *self._extensions(), "250 HELP"]))
        elif word == "STARTTLS" and self.context:
            self._say("220 go on")
            self._encrypt()
        elif word == "AUTH":
            self._is_known = self._is_encrypted and rest == self._plain_login()
            self._say("235 welcome" if self._is_known else f"535 wrong, I was told {rest}")
        elif word == "RCPT" and self.refused and self.refused in rest:
            self._say("550 nobody here")
        elif word in {"MAIL", "RCPT", "DATA"} and not self._is_known:
            self._say("530 who are you")
        elif word == "DATA":
            self._say("354 go on")
            rows = list(iter(self.rfile.readline, b".\r\n"))
            self.heard.messages.append(b"".join(rows))
            self.heard.is_encrypted.append(self._is_encrypted)
            self._say("250 ok")
        else:
            self._say("221 bye" if word == "QUIT" else "250 ok")
        return word != "QUIT"

    def _extensions(self) -> list[str]:
        if self.context and not self._is_encrypted:
            return ["250-STARTTLS"]
        return ["250-AUTH PLAIN"] if self.login else []

    def _plain_login(self) -> str:
        user, password = self.login or ("", "")
        return "PLAIN " + base64.b64encode(f"\0{user}\0{password}".encode()).decode()

    def _encrypt(self) -> None:
        assert self.context
        self.request = self.context.wrap_socket(self.request, server_side=True)
        self.rfile = self.request.makefile("rb", self.rbufsize)
        self.wfile = self.request.makefile("wb", 0)
        self._is_encrypted = True

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())
