"""Typing in paper questionnaires over plain HTTP, as a browser without JavaScript does it."""

from __future__ import annotations

import html
import re
import uuid
from typing import Any

import httpx
import orjson
import pytest

from app.survey.instrument import parse
from app.web.wording import WORDS
from tests import factories
from tests.server import Api, form_token, must

ANSWERS = {
    "informed": "agree", "ignored": "dont_know", "has_plan": "yes", "services": ["speech", "ot"],
    "speech_good": "neutral", "meetings": 2, "hours": 1.5, "bus": True, "since": "2022-02-28",
    "anything": "Más «tiempo»",
}  # fmt: skip
FIELDS = {
    "informed": "agree", "ignored": "dont_know", "has_plan": "yes", "services": ["speech", "ot"],
    "speech_good": "neutral", "meetings": "2", "hours": "1.5", "bus": "true", "since": "2022-02-28",
    "anything": "Más «tiempo»",
}  # fmt: skip


@pytest.fixture
def wave(api: Api) -> str:
    return api.wave(factories.every_kind())


def hidden(page: httpx.Response, form: str = 'id="paper"') -> dict[str, Any]:
    """The hidden fields of a form of the page."""
    text = page.text.split(form)[1].split("</form>")[0]
    found: dict[str, Any] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text):
        found.setdefault(name, []).append(html.unescape(value))
    return found


def send(client: httpx.Client, page: httpx.Response, go: str = "send", **fields: Any) -> httpx.Response:
    return client.post(page.request.url, data={**hidden(page), "_go": go, **fields})


def take_back(client: httpx.Client, page: httpx.Response) -> httpx.Response:
    return client.post(page.request.url, data={**hidden(page, '<details class="last">'), "_go": "take-back"})


def stored(api: Api, wave: str) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in api.admin.get(f"/v1/waves/{wave}/responses").text.splitlines()]


def counted(page: httpx.Response) -> int:
    found = re.search(r"<strong>(\d+)</strong> entered", page.text)
    assert found, page.text
    return int(found[1])


# ------------------------------------------------------------------ choosing
def test_only_what_is_open_and_served_is_offered(api: Api, wave: str) -> None:
    closed, later = api.wave(), api.wave(opens_at=factories.iso(days=1), closes_at=factories.iso(days=2))
    must(api.admin.post(f"/v1/waves/{closed}/close"))
    offered = api.signed_in().get("/enter").text
    assert f'href="/enter/{wave}/family/erving"' in offered
    assert closed not in offered
    assert later not in offered
    limited = api.signed_in("collector", waves=[wave], groups=["family"], schools=["erving"]).get("/enter").text
    assert f"/enter/{wave}/family/erving" in limited
    assert f"/enter/{wave}/family/leverett" not in limited
    assert "/staff" not in limited
    elsewhere = api.signed_in("collector", waves=["other"]).get("/enter").text
    assert "No survey is open to you" in elsewhere


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("family", 200),
        ("family/erving", 200),
        ("staff", 404),
        ("family/nowhere", 404),
        ("nobody", 404),
        ("Fam ily", 404),
    ],
)
def test_addresses(api: Api, wave: str, path: str, status: int) -> None:
    client = api.signed_in()
    assert client.get(f"/enter/{wave}/{path}").status_code == status
    assert client.head(f"/enter/{wave}/{path}").status_code == status
    assert client.get(f"/enter/no-such-wave/{path}").status_code == 404


def test_a_limited_key_types_in_what_it_may_send(api: Api, wave: str) -> None:
    client = api.signed_in("collector", waves=[wave], groups=["family"], schools=["erving", "leverett"])
    mixed = client.get(f"/enter/{wave}/family")
    assert "Leverett" in mixed.text
    assert "Shutesbury" not in mixed.text
    assert client.get(f"/enter/{wave}/family/shutesbury").status_code == 404
    assert counted(send(client, mixed, _school="leverett", **FIELDS)) == 1
    refused = send(client, mixed, _school="shutesbury", **FIELDS)
    assert refused.status_code == 422
    other = api.signed_in("collector", waves=[api.wave()])
    assert other.get(f"/enter/{wave}/family/erving").status_code == 404


@pytest.mark.parametrize("role", ["principal", "reporter"])
def test_readers_type_in_nothing(api: Api, wave: str, role: str) -> None:
    client = api.signed_in(role)
    for path in ("/enter", f"/enter/{wave}/family/erving"):
        assert client.get(path).status_code == 403
    token = form_token(client.get("/enter"))
    assert client.post(f"/enter/{wave}/family/erving", data={**token, "_go": "send", **FIELDS}).status_code == 403
    assert stored(api, wave) == []


def test_nobody_else_can_send_a_form(api: Api, wave: str) -> None:
    client = api.signed_in()
    page = client.get(f"/enter/{wave}/family/erving")
    fields = {**hidden(page), "_go": "send", **FIELDS}
    forged = client.post(page.request.url, data={**fields, "_token": "x"})
    assert forged.status_code == 403
    foreign = client.post(page.request.url, data=fields, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
    signed_out = api.browser().post(page.request.url, data=fields)
    assert (signed_out.status_code, signed_out.headers["location"]) == (303, "/?ended")
    assert stored(api, wave) == []


# ------------------------------------------------------------------ typing in
def test_a_questionnaire_is_stored_as_it_was_typed(api: Api, wave: str) -> None:
    client = api.signed_in()
    page = client.get(f"/enter/{wave}/family/erving")
    assert counted(page) == 0
    after = send(client, page, **FIELDS)
    assert after.status_code == 200
    assert counted(after) == 1
    assert hidden(after)["_id"] != hidden(page)["_id"]
    (row,) = stored(api, wave)
    assert row["answers"] == ANSWERS
    assert (row["group"], row["school"], row["locale"]) == ("family", "erving", "en")
    assert row["id"] == hidden(page)["_id"][0]
    assert "checked" not in after.text  # the form is a fresh one
    assert "Más «tiempo»" in after.text.split("<details")[1].split("</details>")[0]


def test_sent_twice_is_stored_once(api: Api, wave: str) -> None:
    client = api.signed_in()
    page = client.get(f"/enter/{wave}/family/erving")
    assert [counted(send(client, page, **FIELDS)) for _ in range(3)] == [1, 1, 1]
    assert len(stored(api, wave)) == 1


def test_one_after_the_other(api: Api, wave: str) -> None:
    client = api.signed_in()
    page = client.get(f"/enter/{wave}/family")
    for number, school in enumerate(("erving", "leverett", "erving", "swift-river"), 1):
        page = send(client, page, _school=school, **FIELDS)
        assert counted(page) == number
        assert f'<option value="{school}" selected>' in page.text  # the next one is mostly from the same pile
    assert sorted(row["school"] for row in stored(api, wave)) == ["erving", "erving", "leverett", "swift-river"]


def test_going_back_and_sending_other_answers_loses_nothing(api: Api, wave: str) -> None:
    client = api.signed_in()
    page = client.get(f"/enter/{wave}/family/erving")
    send(client, page, **FIELDS)
    other = {**FIELDS, "meetings": "9"}
    refused = send(client, page, **other)
    assert refused.status_code == 409
    assert "sent before with other answers" in refused.text
    assert 'name="meetings" value="9"' in refused.text
    assert send(client, refused, **other).status_code == 200
    assert sorted(row["answers"]["meetings"] for row in stored(api, wave)) == [2, 9]


def test_every_mistake_is_shown_and_nothing_is_lost(api: Api, wave: str) -> None:
    client = api.signed_in()
    page = client.get(f"/enter/{wave}/family")
    bad = send(client, page, meetings="99", hours="many", since="28.2.2022", bus="true", anything="x" * 201)
    assert bad.status_code == 422
    assert "Not stored yet: 6 places need a look" in bad.text
    said = re.findall(r'<p class="fault" id="f-([\w-]+)"', bad.text)
    assert said == ["_school", "informed", "meetings", "hours", "since", "anything"]
    assert "Question 8: " + WORDS["too_large"]["en"].format(40) in html.unescape(bad.text)
    for kept in ('value="99"', 'value="many"', 'value="28.2.2022"', "x" * 201, 'value="true" checked'):
        assert kept in bad.text
    assert hidden(bad)["_id"] == hidden(page)["_id"]
    assert stored(api, wave) == []
    assert counted(send(client, bad, _school="erving", **FIELDS)) == 1


def test_what_is_not_asked_is_left_out_only_when_seen(api: Api, wave: str) -> None:
    client = api.signed_in()
    page = client.get(f"/enter/{wave}/family/erving")
    odd = {**FIELDS, "has_plan": "no"}
    held = send(client, page, **odd)
    assert held.status_code == 422
    assert re.findall(r'<p class="fault" id="f-([\w-]+)"', held.text) == ["services", "speech_good"]
    more = {**odd, "has_plan": "unsure", "why_not": "because"}
    assert send(client, held, **more).status_code == 422  # one more that was not seen yet
    assert send(client, held, **odd).status_code == 200
    (row,) = stored(api, wave)
    assert row["answers"] == {k: v for k, v in ANSWERS.items() if k not in ("services", "speech_good")} | {
        "has_plan": "no"
    }


def test_the_form_has_the_numbers_and_the_order_of_the_paper(api: Api, wave: str) -> None:
    page = api.signed_in().get(f"/enter/{wave}/family/erving").text
    instrument = parse(factories.every_kind())
    assert re.findall(r'<span class="number">(\d+)</span> ([^<\n]+)', page) == [
        (str(n), html.escape(item.text.say("en")) + (" " if item.required else ""))
        for n, item in enumerate(instrument.items, 1)
    ]
    services = re.findall(r'name="services" value="(\w*)".*?<kbd>(\w)</kbd><span>([^<]+)', page)
    assert services == [("speech", "1", "speech"), ("ot", "2", "ot"), ("counseling", "3", "counseling"),
                        ("", "4", "None of these")]  # fmt: skip
    assert "Only if your answer to 4 is “yes”" in page


def test_none_of_these(api: Api, wave: str) -> None:
    client = api.signed_in()
    page = client.get(f"/enter/{wave}/family/erving")
    both = send(client, page, informed="agree", has_plan="yes", services=["", "ot"], speech_good="agree")
    assert both.status_code == 422
    assert send(client, page, informed="agree", has_plan="yes", services=[""]).status_code == 200
    assert stored(api, wave)[0]["answers"] == {"informed": "agree", "has_plan": "yes", "services": []}


def test_the_language_of_the_paper(api: Api) -> None:
    definition = factories.definition(locales=["en", "es"], title={"en": "Family", "es": "Familia"})
    for part in (definition["sections"][0], definition["constructs"][0]):
        part["title"]["es"] = "Principal"
    for item in definition["sections"][0]["items"]:
        item["text"]["es"] = f"¿{item['key']}?"
    for option in definition["scales"]["agree5"]["options"]:
        option["label"]["es"] = f"es {option['value']}"
    wave, client = api.wave(definition), api.signed_in()
    page = client.get(f"/enter/{wave}/family/erving")
    spanish = send(client, page, "lang:es", informed="agree")
    assert "¿heard?" in spanish.text
    assert 'value="agree" checked' in spanish.text
    assert hidden(spanish)["_id"] == hidden(page)["_id"]
    after = send(client, spanish, informed="agree")
    assert stored(api, wave)[0]["locale"] == "es"
    assert hidden(after)["_locale"] == ["es"]  # the next paper of the pile
    assert client.get(f"/enter/{wave}/family/erving?lang=es").text.count("¿heard?") == 1


# ------------------------------------------------------------------ taking back
def test_the_last_one_can_be_taken_back_and_corrected(api: Api, wave: str) -> None:
    client = api.signed_in()
    page = send(client, client.get(f"/enter/{wave}/family/erving"), **FIELDS)
    page = send(client, page, **{**FIELDS, "meetings": "7"})
    back = take_back(client, page)
    assert back.status_code == 200
    assert counted(back) == 1
    assert 'name="meetings" value="7"' in back.text
    assert [row["answers"]["meetings"] for row in stored(api, wave)] == [2]
    assert counted(send(client, back, **{**FIELDS, "meetings": "8"})) == 2
    assert sorted(row["answers"]["meetings"] for row in stored(api, wave)) == [2, 8]
    assert take_back(client, page).status_code == 200  # pressed twice: it is gone, and nothing else is
    assert len(stored(api, wave)) == 2


def test_nothing_is_taken_back_by_guessing_or_after_the_close(api: Api, wave: str) -> None:
    client = api.signed_in()
    page = send(client, client.get(f"/enter/{wave}/family/erving"), **FIELDS)
    guessed = {**orjson.loads(hidden(page)["_last"][0]), "code": "AAAA-AAAA-AAAA-AAAA"}
    for last in (orjson.dumps(guessed).decode(), "[]", "{}", "x", '{"id":1,"code":2,"fields":[]}', "null"):
        fields = {**hidden(page), "_last": last, "_go": "take-back"}
        assert client.post(page.request.url, data=fields).status_code in (200, 404)
    assert len(stored(api, wave)) == 1
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    late = take_back(client, page)
    assert late.status_code == 409
    assert "nothing can be taken back" in late.text
    refused = send(client, page, **FIELDS)
    assert refused.status_code == 409
    assert "not open any more" in refused.text
    assert 'value="agree" checked' in refused.text
    assert client.get(f"/enter/{wave}/family/erving").status_code == 409
    assert len(stored(api, wave)) == 1


# ------------------------------------------------------------------ access codes
def test_the_code_of_the_slip_is_asked_for_and_spent(api: Api) -> None:
    wave = api.wave(factories.every_kind(), access={"family": "code"})
    roster = {"source": "t", "counts": [{"group": "family", "school": "erving", "eligible": 3}]}
    must(api.admin.put(f"/v1/waves/{wave}/roster", json=roster))
    body = {"group": "family", "school": "erving", "count": 2}
    one, two = must(api.admin.post(f"/v1/waves/{wave}/access-codes", json=body))["codes"]
    client = api.signed_in()
    page = client.get(f"/enter/{wave}/family/erving")
    assert "Code on the slip" in page.text
    missing = send(client, page, **FIELDS)
    assert missing.status_code == 422
    assert "Type in the code from the slip" in missing.text
    wrong = send(client, page, _code="nothing", **FIELDS)
    assert wrong.status_code == 403
    assert "or it was used before" in wrong.text
    assert 'value="nothing"' in wrong.text
    after = send(client, page, _code=one.lower(), **FIELDS)
    assert counted(after) == 1
    assert one not in after.text
    assert one.lower() not in after.text
    assert send(client, after, _code=one, **FIELDS).status_code == 403  # spent
    back = take_back(client, after)
    assert "stays spent" in back.text
    assert send(client, back, _code=two, **FIELDS).status_code == 200
    assert len(stored(api, wave)) == 1


@pytest.mark.parametrize("fields", [{"_id": "1"}, {"_id": str(uuid.uuid1())}, {"_count": "-1"}, {"_count": "9" * 50},
                                    {"_count": "²"}, {"_locale": "xx"}, {"_go": "dance"}])  # fmt: skip
def test_fields_that_no_page_of_ours_has(api: Api, wave: str, fields: dict[str, str]) -> None:
    client = api.signed_in()
    page = client.get(f"/enter/{wave}/family/erving")
    reply = client.post(page.request.url, data={**hidden(page), "_go": "send", **FIELDS, **fields})
    assert reply.status_code == 200
    assert counted(reply) in (0, 1)


# ------------------------------------------------------------------ what is not open, and what is not on the page
@pytest.mark.parametrize("go", ["stay", "clear", "lang:en", ""])
def test_no_button_shows_the_questions_of_a_survey_that_is_not_open(api: Api, wave: str, go: str) -> None:
    later = api.wave(factories.every_kind(), opens_at=factories.iso(days=1), closes_at=factories.iso(days=2))
    clients = {role: api.signed_in(role) for role in ("collector", "director")}
    pages = {role: client.get(f"/enter/{wave}/family/erving") for role, client in clients.items()}
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    for key, role, status in (
        (wave, "collector", 409), (wave, "director", 409), (later, "collector", 404), (later, "director", 409),
    ):  # fmt: skip
        reply = clients[role].post(f"/enter/{key}/family/erving", data={**hidden(pages[role]), "_go": go, **FIELDS})
        assert reply.status_code == status, (role, reply.text[:500])
        assert "informed" not in reply.text
        assert clients[role].get(f"/enter/{key}/family/erving").status_code == status


def test_before_it_opens_a_survey_is_unknown_to_who_types(api: Api, wave: str) -> None:
    later = api.wave(factories.every_kind(), opens_at=factories.iso(days=1), closes_at=factories.iso(days=2))
    client = api.signed_in("collector")
    page = send(client, client.get(f"/enter/{wave}/family/erving"), **FIELDS)
    for go in ("send", "take-back"):
        reply = client.post(f"/enter/{later}/family/erving", data={**hidden(page), "_go": go, **FIELDS})
        assert reply.status_code == 404
        assert "informed" not in reply.text


@pytest.mark.parametrize("identity", ["\x00", "x", "", 1, None, [], "7b0c3f5e"])
def test_the_last_one_is_a_response_or_nothing(api: Api, wave: str, identity: Any) -> None:
    client = api.signed_in()
    page = client.get(f"/enter/{wave}/family/erving")
    last = orjson.dumps({"id": identity, "code": "A", "fields": {}}).decode()
    reply = client.post(page.request.url, data={**hidden(page), "_last": last, "_go": "take-back"})
    assert reply.status_code == 200
    assert 'class="last"' not in reply.text


@pytest.mark.parametrize("school", ["nowhere", "shutesbury-", "\x00", "none"])
def test_a_school_that_is_not_offered_is_a_fault(api: Api, school: str) -> None:
    """Not even of a group that needs none is it stored as no school."""
    wave, client = api.wave(factories.definition("school_leader")), api.signed_in()
    page = client.get(f"/enter/{wave}/school_leader")
    assert "No school</option>" in page.text
    refused = send(client, page, informed="agree", _school=school)
    assert refused.status_code == 422
    assert "Choose the school" in refused.text
    assert 'value="agree" checked' in refused.text
    assert stored(api, wave) == []
    assert counted(send(client, page, informed="agree", _school="")) == 1
    assert stored(api, wave)[0]["school"] is None


def test_a_key_of_one_school_is_not_offered_no_school(api: Api) -> None:
    wave, client = api.wave(factories.definition("school_leader")), api.signed_in("collector", schools=["erving"])
    page = client.get(f"/enter/{wave}/school_leader")
    assert "No school</option>" not in page.text
    assert send(client, page, informed="agree", _school="").status_code == 422
    assert counted(send(client, page, informed="agree", _school="erving")) == 1
    assert [row["school"] for row in stored(api, wave)] == ["erving"]
