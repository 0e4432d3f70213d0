"""The example client, its queue and a SurveyJS model in a real browser, on a page of another origin."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests import factories
from tests.databases import settings_for
from tests.js import node
from tests.server import Api, must
from tests.services.sending import export

ROOT = Path(__file__).parents[2]


class Quiet(SimpleHTTPRequestHandler):
    """Serves the examples and the packages of the tests, as the front end of somebody else would."""

    extensions_map = {".js": "text/javascript", "": "text/html"}

    def translate_path(self, path: str) -> str:
        """The page itself is an empty file: what is on it, the tests load."""
        folder = node.HERE / "node_modules" if path.startswith("/survey-core") else ROOT / "examples"
        return str(folder / path.lstrip("/")) if path != "/" else str(Path(__file__).parent / "__init__.py")

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    node.ready()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(ROOT)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def api(origin: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    running = Api(settings_for("sqlite", tmp_path_factory.mktemp("examples"), cors_origins=[origin]))
    yield running
    running.stop()


OPEN = """async ([base, key]) => {
  const { Client, faults } = await import("/soundings-client.js");
  const { Queue } = await import("/offline-queue.js");
  window.faults = faults;
  window.receipts = [];
  window.client = new Client({ base, key });
  window.queue = await Queue.open(client);
  queue.onReceipt = (receipt) => receipts.push(receipt.id);
  addEventListener("online", () => queue.flush());
  return queue.waiting();
}"""


def test_answers_outlive_the_page_and_the_connection(api: Api, origin: str, visit: Callable[..., Page]) -> None:
    wave = api.wave()
    at = [f"{api.base}/v1", api.secret("collector", waves=[wave], groups=["family"], publishable=True)]
    page = visit(origin)
    assert page.evaluate(OPEN, at) == 0
    reference = must(api.admin.get(f"/v1/waves/{wave}"))["instruments"]["family"]
    checked = page.evaluate("async (reference) => faults(await client.schema(reference), {informed: 'no'})", reference)
    assert checked == [{"pointer": "/answers/informed", "code": "invalid"}]
    page.context.set_offline(True)
    put = "async ([wave, body]) => { await queue.add(wave, body); return queue.flush(); }"
    bodies = [factories.response(), factories.response()]
    assert [page.evaluate(put, [wave, body]) for body in bodies] == [1, 2]
    assert export(api.admin, wave) == {}
    page.context.set_offline(False)
    page.goto(origin)  # the page was closed; its answers were not
    assert page.evaluate(OPEN, at) >= 1
    page.evaluate("queue.flush()")
    page.wait_for_function("queue.waiting().then((n) => n === 0)")
    assert set(export(api.admin, wave)) == {body["id"] for body in bodies}


def test_a_surveyjs_page_sends_its_data(api: Api, origin: str, visit: Callable[..., Page]) -> None:
    wave = api.wave(factories.every_kind())
    key = api.secret("collector", waves=[wave], publishable=True)
    instrument, version = must(api.admin.get(f"/v1/waves/{wave}"))["instruments"]["family"].split("@")
    page = visit(origin)
    page.add_script_tag(url=f"{origin}/survey-core/survey.core.min.js")
    page.evaluate(OPEN, [f"{api.base}/v1", key])
    receipt = page.evaluate(
        """async ([base, key, path, wave]) => {
          const model = await (await fetch(base + path, { headers: { Authorization: `Bearer ${key}` } })).json();
          const survey = new Survey.Model(model);
          const sent = new Promise((resolve, reject) => survey.onComplete.add(() =>
            client.send(wave, { group: "family", school: "erving", answers: survey.data }).then(resolve, reject)));
          survey.setValue("informed", "agree");
          survey.setValue("has_plan", "yes");
          survey.setValue("services", ["ot"]);
          survey.setValue("speech_good", "neutral");
          survey.setValue("has_plan", "no");
          if (!survey.tryComplete()) throw new Error("not complete");
          return sent;
        }""",
        [api.base, key, f"/v1/instruments/{instrument}/versions/{version}/surveyjs", wave],
    )
    (stored,) = export(api.admin, wave).values()
    assert (receipt["id"], stored["answers"]) == (stored["id"], {"informed": "agree", "has_plan": "no"})
