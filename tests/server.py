"""A real server on loopback, in a thread of the test process, and clients with keys of every role."""

from __future__ import annotations

import itertools
import re
import threading
import time
from typing import Any

import httpx
import uvicorn

from app.config import Settings
from app.db import Database
from app.main import create_app
from app.models.keys import KeyIn
from app.services import keys
from tests import factories
from tests.conformance import Watch


class Api:
    """The server and the clients that talk to it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = Database(settings)
        self.database.migrate()
        self.app = create_app(settings)
        self.watch = Watch(self.app)
        config = uvicorn.Config(
            self.watch, host="127.0.0.1", port=0, log_level="error", access_log=False, timeout_graceful_shutdown=5
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 20
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise RuntimeError("the test server did not start")
            time.sleep(0.01)
        self.port: int = self._server.servers[0].sockets[0].getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self._clients: dict[Any, httpx.Client] = {}
        self._numbers = itertools.count(1)

    def stop(self) -> None:
        for client in self._clients.values():
            client.close()
        self._server.should_exit = True
        self._thread.join(20)
        self.database.close()
        assert not self.watch.faults, "The OpenAPI document is not true:\n" + "\n".join(self.watch.faults)

    # ------------------------------------------------------------ clients
    def secret(self, role: str, **limits: Any) -> str:
        """Make a key and give its secret."""
        if role == "principal":
            limits.setdefault("schools", [factories.SCHOOLS[0]])
            self.schools()
        if role == "reporter":
            limits.setdefault("audience", "director")
        with self.database.write() as session:
            return keys.create(session, KeyIn(role=role, name=f"test {role}", **limits), None)[1]  # type: ignore[arg-type]

    def client(self, role: str = "admin", **limits: Any) -> httpx.Client:
        """A client with a key of that role; the same one when asked again."""
        key = (role, repr(sorted(limits.items())))
        if key not in self._clients:
            self._clients[key] = httpx.Client(
                base_url=self.base, timeout=30, headers={"Authorization": f"Bearer {self.secret(role, **limits)}"}
            )
        return self._clients[key]

    @property
    def admin(self) -> httpx.Client:
        return self.client("admin")

    @property
    def anonymous(self) -> httpx.Client:
        return self._clients.setdefault("anonymous", httpx.Client(base_url=self.base, timeout=30))

    def browser(self, **headers: str) -> httpx.Client:
        """A browser that knows nothing yet, and whose forms come from a page of this server."""
        client = httpx.Client(base_url=self.base, timeout=30, headers={"Sec-Fetch-Site": "same-origin", **headers})
        self._clients["browser", next(self._numbers)] = client
        return client

    def signed_in(self, role: str = "director", **limits: Any) -> httpx.Client:
        """A browser of somebody who has just signed in to the pages."""
        client = self.browser()
        reply = client.post("/sign-in", data={"key": self.secret(role, **limits)})
        assert reply.status_code == 303, reply.text[:800]
        return client

    # ------------------------------------------------------------ things
    def name(self, stem: str = "w") -> str:
        """A key that nothing else has."""
        return f"{stem}-{next(self._numbers)}"

    def schools(self, schools: tuple[str, ...] = factories.SCHOOLS) -> None:
        """Make sure that the schools are there."""
        for school in schools:
            must(self.admin.put(f"/v1/schools/{school}", json={"name": school.title()}))

    def instrument(self, definition: dict[str, Any]) -> str:
        """Store a definition and give its reference, `key@version`."""
        made = must(self.admin.post("/v1/instruments", json=definition))
        return f"{made['key']}@{made['version']}"

    def wave(self, *definitions: dict[str, Any], **more: Any) -> str:
        """Field the definitions (default: the small family and staff ones) in a new, open wave and give its key."""
        self.schools()
        definitions = definitions or (factories.definition("family"), factories.definition("staff"))
        instruments = {d["group"]: self.instrument(d) for d in definitions}
        key = self.name("wave")
        must(self.admin.put(f"/v1/waves/{key}", json=factories.wave(instruments, **more)))
        return key


def form_token(page: httpx.Response) -> dict[str, str]:
    """The hidden field that every form of a signed-in page has to send."""
    found = re.search(r'name="(_token)" value="([^"]+)"', page.text)
    assert found, page.text[:800]
    return {found[1]: found[2]}


def must(reply: httpx.Response, *statuses: int) -> Any:
    """The decoded reply of a call that has to succeed."""
    assert reply.status_code in (statuses or (200, 201, 204)), f"{reply.status_code}: {reply.text[:800]}"
    return reply.json() if reply.content else None
