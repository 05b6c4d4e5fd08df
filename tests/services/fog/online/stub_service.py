# SPDX-License-Identifier: Apache-2.0
"""A service over HTTP that says what a test tells it to."""

import threading
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest


class StubService:
    """Answers from ``script``, the last line for ever: a status and a body, or None to hang up.

    Attributes:
        heard: method, target, headers (lower case) and body of each request.
    """

    def __init__(self, *script):
        self.script = list(script)
        self.heard = []

    def __enter__(self):
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def _any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                stub.heard.append((self.command, self.path, headers, body))
                told = stub.script.pop(0) if len(stub.script) > 1 else stub.script[0]
                if told is None:
                    self.close_connection = True
                    return
                self.send_response(told[0])
                self.send_header("Content-Length", str(len(told[1])))
                self.end_headers()
                self.wfile.write(told[1])

            do_POST = do_PUT = _any  # noqa: N815

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @property
    def url(self):
        """Where it listens."""
        return f"http://127.0.0.1:{self.server.server_port}"


@contextmanager
def clients_closed():
    """Close what handlers keep open for as long as their process lives."""
    with ExitStack() as made, pytest.MonkeyPatch.context() as patch:
        real = httpx.Client
        patch.setattr(httpx, "Client", lambda **how: made.enter_context(real(**how)))
        yield
