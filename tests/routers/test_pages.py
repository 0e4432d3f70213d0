"""Survey pages over plain HTTP, as a browser without JavaScript uses them, and the door that the script uses."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

import app
from app.services.access import link
from app.survey.items import KINDS
from app.survey.promise import plain_words
from app.web.wording import WORDS, Tongue, direction, preferred
from tests import factories
from tests.databases import settings_for
from tests.server import Api, must


class Form(HTMLParser):
    """The form `survey` of a page, as a browser would send it; and the page's words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.buttons: list[str] = []
        self.text, self._skip, self._in, self._area, self._select = "", 0, False, "", ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag in ("template", "script"):
            self._skip += 1
        if self._skip:
            return
        if tag == "form":
            self._in = has.get("id") == "survey"
        if tag == "button":
            self.buttons.append(has.get("value", ""))
        if not self._in:
            return
        if tag == "input" and (has.get("type") not in ("radio", "checkbox") or "checked" in has):
            self.fields.append((has["name"], has.get("value", "")))
        if tag == "textarea":
            self._area = has["name"]
            self.fields.append((self._area, ""))
        if tag == "select":
            self._select = has["name"]
            self.fields.append((self._select, ""))
        if tag == "option" and "selected" in has:
            self.fields[-1] = (self._select, has["value"])

    def handle_endtag(self, tag: str) -> None:
        if tag in ("template", "script"):
            self._skip -= 1
        if tag == "form":
            self._in = False
        if tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._skip:
            return
        if self._area:
            name, so_far = self.fields[-1]
            self.fields[-1] = (name, so_far + data)
        self.text += " " + data.strip()

    def filled(self, **answers: Any) -> dict[str, list[str]]:
        """The fields with these answers in the place of what stood there."""
        out: dict[str, list[str]] = {}
        for name, value in self.fields:
            out.setdefault(name, []).append(value.removeprefix("\n") if name not in answers else value)
        for name, value in answers.items():
            out[name] = list(value) if isinstance(value, (list, tuple)) else [value]
        return out


class Visitor:
    """A browser without a script."""

    def __init__(self, api: Api, address: str) -> None:
        self.client = api.anonymous
        self.address = address
        self.reply = self.client.get(address)

    @property
    def form(self) -> Form:
        return Form(self.reply.text)

    def press(self, button: str, **answers: Any) -> Visitor:
        fields = self.form.filled(**answers, _go=button)
        self.reply = self.client.post(self.address, data=fields)
        return self

    @property
    def heading(self) -> str:
        found = re.search(r"<h1[^>]*>(.*?)</h1>", self.reply.text, re.S)
        assert found, self.reply.text[:500]
        return re.sub(r"<[^>]*>", "", found[1])


def address(api: Api, wave: str, group: str = "family", school: str | None = "erving", **query: str) -> str:
    k = link(api.settings.signing_secret(), wave, group, school)
    more = "".join(f"&{name}={value}" for name, value in query.items())
    return f"/s/{wave}/{group}" + (f"/{school}" if school else "") + f"?k={k}{more}"


@pytest.fixture(scope="module")
def wave(api: Api) -> str:
    return api.wave(factories.every_kind(), factories.definition("liaison"))


def stored(api: Api, wave: str) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in api.admin.get(f"/v1/waves/{wave}/responses").text.splitlines()]


# ------------------------------------------------------------------ from the first screen to the last
def test_the_whole_way(api: Api) -> None:
    wave = api.wave(factories.every_kind())
    visitor = Visitor(api, address(api, wave, school=None))
    assert visitor.reply.status_code == 200
    assert visitor.press("next").reply.status_code == 422  # which school?
    assert WORDS["need_school"]["en"] in visitor.form.text
    visitor.press("next", _school="leverett")
    assert visitor.heading == "Main"

    visitor.press("next", meetings="41", has_plan="yes", anything="<b>mine</b>\r\n&amp;")
    assert visitor.reply.status_code == 422
    assert WORDS["required"]["en"] in visitor.form.text
    assert "The largest number here is 40." in visitor.form.text
    assert WORDS["more"]["en"] in visitor.form.text  # services have come up
    assert '<a href="#a-informed">' in visitor.reply.text
    assert ("meetings", "41") in visitor.form.fields  # what was entered stays

    visitor.press("next", informed="agree", meetings="40", services=["speech", "ot"])
    assert visitor.reply.status_code == 200  # speech_good has come up
    visitor.press("next", speech_good="neutral", hours="1,5", since="2024-02-29", bus="false")
    assert visitor.heading == "Check your answers"
    assert "Leverett" in visitor.form.text
    assert "<b>mine" not in visitor.reply.text
    visitor.press("lang:en")
    assert visitor.heading == "Check your answers"
    visitor.press("to:0")
    assert ("hours", "1.5") in visitor.form.fields
    visitor.press("next")
    assert stored(api, wave) == []

    sent = visitor.form.filled(_go="send")
    visitor.press("send")
    assert visitor.reply.status_code == 200
    assert visitor.heading == "Thank you"
    again = visitor.client.post(visitor.address, data=sent)
    assert again.text == visitor.reply.text  # twice is once
    (row,) = stored(api, wave)
    assert (row["school"], row["locale"]) == ("leverett", "en")
    assert row["answers"] == {
        "informed": "agree", "has_plan": "yes", "services": ["speech", "ot"], "speech_good": "neutral", "meetings": 40,
        "hours": 1.5, "bus": False, "since": "2024-02-29", "anything": "<b>mine</b>\n&amp;",
    }  # fmt: skip
    assert row["id"] in visitor.reply.text

    other = visitor.client.post(visitor.address, data={**sent, "informed": ["disagree"]})
    assert other.status_code == 409
    assert WORDS["conflict"]["en"] in other.text
    assert len(stored(api, wave)) == 1

    must(api.admin.post(f"/v1/waves/{wave}/close"))
    assert visitor.client.post(visitor.address, data=sent).text == visitor.reply.text  # a replay, also after the close
    fresh = {**sent, "_id": [str(uuid.uuid4())]}
    assert visitor.client.post(visitor.address, data=fresh).status_code == 410


def test_what_is_hidden_is_dropped(api: Api, wave: str) -> None:
    visitor = Visitor(api, address(api, wave)).press("next")
    visitor.press("next", informed="agree", has_plan="yes", services=["speech"])
    visitor.press("next", has_plan="no")
    assert "services" not in {name for name, _ in visitor.form.fields}
    assert "why_not" in {name for name, _ in visitor.form.fields}
    visitor.press("next")
    assert visitor.heading == "Check your answers"
    assert "speech" not in visitor.form.text


def test_clearing_and_going_back(api: Api, wave: str) -> None:
    visitor = Visitor(api, address(api, wave, school=None)).press("next", _school="erving")
    visitor.press("back", informed="agree", meetings="x")
    assert visitor.heading == "family survey"
    assert ("_school", "erving") in visitor.form.fields
    visitor.press("next")
    assert {("informed", "agree"), ("meetings", "x")} <= set(visitor.form.fields)
    visitor.press("clear")
    assert "informed" not in {name for name, _ in visitor.form.fields}


def test_none_of_these_is_an_answer(api: Api) -> None:
    wave = api.wave(factories.every_kind())
    visitor = Visitor(api, address(api, wave)).press("next")
    visitor.press("next", informed="agree", has_plan="yes")
    visitor.press("next", services=["", "ot"])
    assert "None of these” and something else" in visitor.form.text
    visitor.press("next", services=[""]).press("send")
    assert stored(api, wave)[0]["answers"] == {"informed": "agree", "has_plan": "yes", "services": []}


def test_nobody_has_to_name_a_school_who_belongs_to_none(api: Api) -> None:
    wave = api.wave(factories.definition("liaison"))
    visitor = Visitor(api, address(api, wave, "liaison", None)).press("next")
    assert visitor.reply.status_code == 422  # whoever overlooks the question is asked again
    visitor.press("next", _school="none")
    assert visitor.heading == "Main"
    visitor.press("next", informed="agree").press("send")
    assert (stored(api, wave)[0]["school"], stored(api, wave)[0]["answers"]) == (None, {"informed": "agree"})


def test_taking_it_back(api: Api) -> None:
    wave = api.wave()
    visitor = Visitor(api, address(api, wave)).press("next").press("next", informed="agree").press("send")
    code, identity = (re.search(rf"data-{part}>([^<]+)", visitor.reply.text)[1] for part in ("code", "id"))  # type: ignore[index]
    here = visitor.address
    wrong = visitor.client.post(here, data={"_go": "withdraw", "_response": identity, "_withdrawal_code": "ABCD"})
    assert wrong.status_code == 404
    assert WORDS["withdraw_unknown"]["en"] in wrong.text
    gone = visitor.client.post(here, data={"_go": "withdraw", "_response": identity, "_withdrawal_code": code.lower()})
    assert (gone.status_code, stored(api, wave)) == (200, [])
    assert WORDS["withdrawn"]["en"] in gone.text


def test_codes(api: Api) -> None:
    wave = api.wave(factories.every_kind(), access={"family": "code"})
    roster = {"source": "test", "counts": [{"group": "family", "school": "erving", "eligible": 9}]}
    must(api.admin.put(f"/v1/waves/{wave}/roster", json=roster))
    wanted = {"group": "family", "school": "erving", "count": 1}
    (code,) = must(api.admin.post(f"/v1/waves/{wave}/access-codes", json=wanted))["codes"]
    visitor = Visitor(api, f"/s/{wave}/family/erving")  # the code is the key, no signature is needed
    assert visitor.press("next").reply.status_code == 422
    assert WORDS["need_code"]["en"] in visitor.form.text
    visitor.press("next", _code="no-such").press("next", informed="agree").press("send")
    assert visitor.reply.status_code == 403
    assert WORDS["bad_code"]["en"] in visitor.form.text
    sent = visitor.form.filled(_code=code, _go="send")
    first = visitor.client.post(visitor.address, data=sent)
    assert (first.status_code, first.text) == (200, visitor.client.post(visitor.address, data=sent).text)
    assert len(stored(api, wave)) == 1
    assert code not in first.text


# ------------------------------------------------------------------ the first screen
def test_the_promise_is_said_in_both_languages(api: Api, wave: str) -> None:
    for group, school in (("family", "erving"), ("liaison", None)):
        promise = api.admin.get(f"/v1/waves/{wave}").json()["promise"][group]["in_words"]
        text = " ".join(Form(api.anonymous.get(address(api, wave, group, school)).text).text.split())
        assert promise["en"] in text
    assert "5 people" in plain_words({**Promise, "minimum": 5})["en"]


Promise = {"mode": "confidential", "minimum": 10, "director": "exact", "principal": "none", "public": "none"}


def test_languages(api: Api) -> None:
    definition = factories.definition(locales=["en"])
    spanish = {**_translated(definition, ("en", "es")), "locales": ["en", "es"]}
    wave = api.wave(spanish)
    here = address(api, wave)
    read = lambda **headers: api.anonymous.get(here, headers=headers).text  # noqa: E731
    assert '<html lang="en" dir="ltr">' in read()
    assert '<html lang="es" dir="ltr">' in read(**{"Accept-Language": "fr, es-MX;q=0.8, en;q=0.5"})
    assert '<html lang="en" dir="ltr">' in api.anonymous.get(here + "&lang=en", headers={"Accept-Language": "es"}).text
    assert '<html lang="en" dir="ltr">' in read(**{"Accept-Language": "de, fr"})
    visitor = Visitor(api, here + "&lang=es")
    assert WORDS["promise"]["es"] in visitor.form.text
    visitor.press("next").press("lang:en", informed="agree")
    assert '<html lang="en"' in visitor.reply.text
    assert ("informed", "agree") in visitor.form.fields
    visitor.press("lang:es").press("next").press("send")
    assert stored(api, wave)[0]["locale"] == "es"


def _translated(value: Any, locales: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"en"}:
            return {locale: value["en"] if locale == "en" else f"[{value['en']}]" for locale in locales}
        return {key: _translated(part, locales) for key, part in value.items()}
    return [_translated(part, locales) for part in value] if isinstance(value, list) else value


def test_a_rehearsal_is_labeled_everywhere(api: Api) -> None:
    wave = api.wave(factories.every_kind(), simulated=True)
    visitor = Visitor(api, address(api, wave))
    note = WORDS["simulated"]["en"]
    assert note in visitor.form.text
    for button in ("next", "next", "send"):
        assert note in visitor.press(button, informed="agree").form.text
    assert visitor.heading == "Thank you"


def test_a_wrong_link_is_like_one_to_nowhere(api: Api, wave: str) -> None:
    k = link(api.settings.signing_secret(), wave, "family", "erving")
    closed = api.wave()
    must(api.admin.post(f"/v1/waves/{closed}/close"))
    wrong = [
        f"/s/{wave}/family/erving",
        f"/s/{wave}/family/erving?k=",
        f"/s/{wave}/family/erving?k={k[:-1]}A&x=1",
        f"/s/{wave}/family/leverett?k={k}",
        f"/s/{wave}/family?k={k}",
        f"/s/{wave}/staff/erving?k={k}",
        f"/s/{wave}/nobody/erving?k={k}",
        f"/s/{wave}/family/nowhere?k={k}",
        f"/s/nothing/family/erving?k={k}",
        f"/s/{closed}/family/erving?k={k}",
        "/s/%00/family?k=%ff",
        "/s/..%2f/x/y",
        "/s",
        "/s/one",
        "/s/one/two/three/four",
    ]
    replies = [api.anonymous.get(path) for path in wrong]
    assert {reply.status_code for reply in replies} == {404}
    pages = {re.sub(r"\?(k=[^&\"]*&amp;)?lang", "?lang", reply.text) for reply in replies}  # its language links
    assert len(pages) == 1
    assert "This link does not work" in pages.pop()
    posted = api.anonymous.post(wrong[0], data={"_go": "next"})
    assert posted.status_code == 404
    assert "Este enlace no funciona" in api.anonymous.get("/s/x/y", headers={"Accept-Language": "es"}).text


def test_too_early_and_too_late(api: Api) -> None:
    early = api.wave(opens_at=factories.iso(days=1), closes_at=factories.iso(days=2))
    late = api.wave()
    must(api.admin.post(f"/v1/waves/{late}/close"))
    for wave, status, title in ((early, 409, "This survey has not opened yet"), (late, 410, "This survey is closed")):
        visitor = Visitor(api, address(api, wave))
        assert (visitor.reply.status_code, visitor.heading) == (status, title)
        posted = visitor.client.post(visitor.address, data={"_go": "next"})
        assert (posted.status_code, title in posted.text) == (status, True)
        sent = visitor.client.post(visitor.address, data={"_go": "send", "informed": "agree"})
        assert (sent.status_code, title in sent.text) == (status, True)


# ------------------------------------------------------------------ headers
def test_pages_are_locked_to_this_server(api: Api, wave: str) -> None:
    visitor = Visitor(api, address(api, wave, unknown="1"))  # unknown parameters do not matter
    for reply in (visitor.reply, visitor.press("next").reply, api.anonymous.get("/s/x/y")):
        headers = reply.headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-frame-options"] == "DENY"
        assert "set-cookie" not in headers
        assert headers["content-type"] == "text/html; charset=utf-8"
        scripts = re.findall(r"<script([^>]*)>", reply.text)
        assert all(" src=" in s or "application/json" in s for s in scripts)
        assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", reply.text)
        assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", reply.text)
    assert visitor.reply.headers["cache-control"] == "no-store"


def test_the_first_screen_is_asked_for_again_cheaply(api: Api, wave: str) -> None:
    here = address(api, wave)
    first = api.anonymous.get(here)
    assert first.headers["cache-control"] == "no-cache, private"
    assert first.headers["content-encoding"] == "gzip"
    assert {"Accept-Encoding", "Accept-Language"} <= set(first.headers["vary"].split(", "))
    assert api.anonymous.get(here, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    plain = api.anonymous.get(here, headers={"Accept-Encoding": "identity"})
    assert ("content-encoding" not in plain.headers, plain.text) == (True, first.text)


def test_what_pages_load(api: Api, wave: str) -> None:
    page = api.anonymous.get(address(api, wave)).text
    found = re.findall(r'"(/static/[^"]+)"', page)
    assert len(found) == 5
    for path in (*found, "/s/worker.js"):
        reply = api.anonymous.get(path)
        assert reply.status_code == 200
        assert ("immutable" in reply.headers["cache-control"]) is ("v=" in path)
        again = api.anonymous.get(path, headers={"If-None-Match": reply.headers["etag"]})
        assert again.status_code == 304
        for name in re.findall(r'from "[./]*(?:static/)?([a-z]+\.js\?v=\w+)"', reply.text):
            assert api.anonymous.get(f"/static/{name}").headers["cache-control"].endswith("immutable")
    assert "from" in api.anonymous.get("/s/worker.js").text
    assert api.anonymous.head(address(api, wave)).status_code == 200
    for path in ("/static/nothing.js", "/static/..%2Fmain.py", "/static/words.yaml"):
        assert api.anonymous.get(path).status_code == 404


# ------------------------------------------------------------------ what people and machines do to forms
def test_too_much_and_too_many(api: Api, wave: str) -> None:
    here = address(api, wave)
    long = api.anonymous.post(here, data={"_go": "next", "anything": "x" * 300_000})
    assert (long.status_code, WORDS["too_big"]["en"] in long.text) == (413, True)
    many = api.anonymous.post(here, content="a=&" * 6000, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert many.status_code == 422
    other = api.anonymous.post(here, content="x", headers={"Content-Type": "text/plain"})
    assert (other.status_code, "<h1" in other.text) == (415, True)


NAMES = st.sampled_from(
    ["_go", "_at", "_id", "_locale", "_school", "_code", "_asked", "informed", "services", "meetings", "hours", "since",
     "has_plan", "bus", "anything", "miles", "nothing"]
)  # fmt: skip
VALUES = st.text(max_size=12) | st.sampled_from(
    ["next", "send", "back", "to:0", "lang:xx", "review", "0", "yes", "agree", "true", "\x00", "9" * 40, '"><script>']
)


@settings(max_examples=60)
@given(fields=st.dictionaries(NAMES, st.lists(VALUES, max_size=2), max_size=8))
def test_no_form_breaks_it(api: Api, wave: str, fields: Mapping[str, list[str]]) -> None:
    api.app.state.soundings.gate._due.clear()  # this test is no crowd
    reply = api.anonymous.post(address(api, wave), data={"_go": ["next"], **fields})
    assert reply.status_code in (200, 422), reply.text[:500]
    assert "<script>" not in reply.text


# ------------------------------------------------------------------ the script's door
def test_the_scripts_door(api: Api) -> None:
    wave = api.wave()
    here = address(api, wave)
    body = {"id": str(uuid.uuid4()), "locale": "en", "answers": {"informed": "agree"}, "group": "staff", "school": "x"}
    first = api.anonymous.post(here, json=body)
    assert first.status_code == 200
    receipt = first.json()
    assert (receipt["group"], receipt["school"], receipt["id"]) == ("family", "erving", body["id"])
    assert api.anonymous.post(here, json=body).json() == receipt
    assert first.headers["cache-control"] == "no-store"
    conflict = api.anonymous.post(here, json={**body, "answers": {}})
    assert (conflict.status_code, conflict.json()["type"]) == (409, "/problems/response-conflict")
    faulty = api.anonymous.post(here, json={**body, "answers": {"informed": "x", "y": 1}})
    assert (faulty.status_code, len(faulty.json()["errors"])) == (422, 2)
    wrong = api.anonymous.post(here.replace("erving", "leverett"), json=body)
    assert (wrong.status_code, wrong.json()["type"]) == (404, "/problems/not-found")
    assert api.anonymous.post(here, json=[1]).status_code == 422
    assert api.anonymous.post(here, content="{", headers={"Content-Type": "application/json"}).status_code == 400
    assert len(stored(api, wave)) == 1


def test_a_crowd_at_one_address_is_slowed_down_kindly(tmp_path: Any) -> None:
    api = Api(settings_for("sqlite", tmp_path, peer_rate=2))
    try:
        wave = api.wave()
        visitors = [Visitor(api, address(api, wave)).press("next").press("next", informed="agree") for _ in range(3)]
        replies = [visitor.press("send").reply for visitor in visitors]
        assert [reply.status_code for reply in replies] == [200, 200, 429]
        assert int(replies[-1].headers["retry-after"]) > 0
        assert WORDS["slow_down"]["en"] in Form(replies[-1].text).text
        assert ("informed", "agree") in Form(replies[-1].text).fields
    finally:
        api.stop()


def test_what_breaks_is_said_on_a_page(api: Api, wave: str, monkeypatch: pytest.MonkeyPatch) -> None:
    errors: list[Exception] = [KeyError("a bug"), OperationalError("SELECT", {}, Exception("down"))]

    def broken(*_: Any) -> None:
        raise errors.pop()

    monkeypatch.setattr("app.services.pages.face", broken)
    for status in (503, 500):
        with capture_logs() as logged:
            reply = api.anonymous.get(address(api, wave))
        (failure,) = [entry for entry in logged if entry["event"] == "request.failed"]
        assert failure["request_id"] == reply.headers["x-request-id"]
        assert (reply.status_code, "<h1>Something went wrong on our side</h1>" in reply.text) == (status, True)
        assert "a bug" not in reply.text


def test_every_kind_can_be_drawn() -> None:
    drawn = {path.stem for path in (Path(app.__file__).parent / "templates" / "kinds").glob("[a-z]*.html")}
    assert drawn == set(KINDS)


# ------------------------------------------------------------------ words
def test_every_word_is_said_in_both_languages() -> None:
    for key, words in WORDS.items():
        assert words.keys() == {"en", "es"}, key
        holes = [set(re.findall(r"\{(\w+)\}", text)) for text in words.values()]
        assert holes[0] == holes[1], key


def test_directions_and_preferences() -> None:
    assert [direction(tag) for tag in ("ar", "he-IL", "fa", "es", "zh-Hant", "az-Arab", "ar-Latn")] == [
        "rtl", "rtl", "rtl", "ltr", "ltr", "rtl", "ltr",
    ]  # fmt: skip
    offered = ("en", "es", "pt-BR")
    assert preferred("pt;q=0.9,es;q=0.8", offered, "en") == "pt-BR"
    assert preferred("es;q=0, en;q=0.1", offered, "es") == "en"
    assert preferred("es;q=x,,;;", offered, "en") == "en"
    assert Tongue("ar").say("start") == '<span lang="en" dir="ltr">Start</span>'
    assert Tongue("es-MX").say("start") == "Comenzar"


@pytest.mark.parametrize("path", ["", "/erving", "?k=wrong", "/a/b/c"])
def test_a_look_without_the_page(api: Api, path: str) -> None:
    """HEAD answers what GET would, with no body: link checkers and mail filters ask so."""
    wave = api.wave()
    parts = path.split("?")[0].strip("/").split("/")
    signature = link(api.settings.signing_secret(), wave, "family", parts[0] or None)
    address = f"/s/{wave}/family{path}" + ("" if "?" in path else f"?k={signature}")
    got, asked = api.anonymous.get(address), api.anonymous.head(address)
    assert (asked.status_code, asked.content) == (got.status_code, b"")
    assert asked.headers["content-type"] == got.headers["content-type"]
    assert asked.headers["cache-control"] == got.headers["cache-control"]


@pytest.mark.parametrize(
    "path",
    [
        "/s/worker.js",
        "/static/page.css",
        "/static/nothing.css",
        "/s",
        "/s/nothing",
        "/",
        "/healthz",
        "/v1/schools",
        "/v1/x",
    ],
)
def test_a_look_at_everything_else(api: Api, path: str) -> None:
    got, asked = api.admin.get(path), api.admin.head(path)
    assert (asked.status_code, asked.content) == (got.status_code, b"")
    assert asked.headers.get("etag") == got.headers.get("etag")
