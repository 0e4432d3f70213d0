"""Signing in to the pages with a key: the cookie, the token of forms, and who is turned away."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.auth import fingerprint
from app.services.gate import WRONG_CODES
from app.web import sessions
from app.web.sessions import genuine, own_path
from tests.databases import settings_for
from tests.server import Api, form_token, must

SIGN_IN = "/sign-in"


def a_page(client: httpx.Client) -> httpx.Response:
    """A page of the signed-in part that every role but a collector's may see, or is told that it may not."""
    return client.get("/enter")


# ------------------------------------------------------------------ in and out
def test_nobody_sees_the_sign_in_page(api: Api) -> None:
    reply = api.anonymous.get("/")
    assert reply.status_code == 200
    assert "Your key" in reply.text
    assert reply.headers["cache-control"] == "no-store"
    assert "set-cookie" not in reply.headers
    head = api.anonymous.head("/")
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    ("role", "home"),
    [("director", "/waves"), ("admin", "/waves"), ("reporter", "/waves"), ("principal", "/waves"),
     ("collector", "/enter")],
)  # fmt: skip
def test_each_role_begins_where_it_belongs(api: Api, role: str, home: str) -> None:
    client = api.signed_in(role)
    reply = client.get("/")
    assert (reply.status_code, reply.headers["location"]) == (303, home)


def test_the_cookie_says_nothing_and_no_script_reads_it(api: Api) -> None:
    secret = api.secret("director")
    reply = api.browser().post(SIGN_IN, data={"key": secret})
    cookie = reply.headers["set-cookie"]
    assert re.fullmatch(r"soundings=[\w-]{43}; HttpOnly; Path=/; SameSite=lax", cookie)
    assert secret not in str(reply.headers) + reply.text
    with api.database.read() as session:
        kept = session.connection().exec_driver_sql("SELECT * FROM browser_session").all()
    token = cookie.split("=")[1].split(";")[0]
    assert fingerprint(token) in {row[0] for row in kept}
    assert not any(text in str(kept) for text in (token, secret))


def test_a_link_leads_to_its_page_after_signing_in(api: Api) -> None:
    client = api.browser()
    asked = client.get("/enter?wave=fall&group=a%20b")
    assert asked.status_code == 303
    door = client.get(asked.headers["location"])
    wanted = re.search(r'name="next" value="([^"]+)"', door.text)
    assert wanted
    assert wanted[1] == "/enter?wave=fall&amp;group=a%20b"
    reply = client.post(SIGN_IN, data={"key": api.secret("director"), "next": "/enter?wave=fall&group=a%20b"})
    assert (reply.status_code, reply.headers["location"]) == (303, "/enter?wave=fall&group=a%20b")


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:x", "", "x"],
)
def test_no_link_leads_elsewhere(api: Api, elsewhere: str) -> None:
    reply = api.browser().post(SIGN_IN, data={"key": api.secret("director"), "next": elsewhere})
    assert reply.headers["location"] == "/waves"
    assert api.signed_in().get("/", params={"next": elsewhere}).headers["location"] == "/waves"


@given(st.text(max_size=12))
def test_an_own_path_stays_on_this_server(text: str) -> None:
    for given_path in (text, "/" + text):
        if own_path(given_path) is not None:
            assert httpx.URL("https://here.example/x").join(given_path).host == "here.example"


def test_signing_out_ends_it_on_the_server_too(api: Api) -> None:
    client = api.signed_in()
    kept = client.cookies["soundings"]
    reply = client.post("/sign-out", data=form_token(a_page(client)))
    assert reply.status_code == 303
    assert "soundings" not in client.cookies
    assert "You are signed out" in client.get(reply.headers["location"]).text
    thief = api.browser()
    thief.cookies.set("soundings", kept)
    assert a_page(thief).status_code == 303


def test_what_the_browser_kept_goes_with_the_token(api: Api) -> None:
    """The pages that its button Back has; not its storage, where unsent answers of survey pages wait."""

    def cleared(reply: httpx.Response) -> bool:
        assert reply.headers.get("clear-site-data", '"cache"') == '"cache"'
        return "clear-site-data" in reply.headers and "Max-Age=0" in reply.headers["set-cookie"]

    client = api.signed_in()
    kept = client.cookies["soundings"]
    assert not cleared(a_page(client))
    assert cleared(client.post("/sign-out", data=form_token(a_page(client))))
    for path in ("/", "/enter", "/waves/x/files/report.html"):
        ended = api.browser()
        ended.cookies.set("soundings", kept)
        assert cleared(ended.get(path)), path
        assert not cleared(api.browser().get(path)), path


def test_a_form_that_comes_too_late_is_told_so_and_the_way_leads_back(api: Api) -> None:
    client = api.browser(Referer=f"{api.base}/enter/fall/family?lang=es")
    late = client.post("/sign-out", data={"_token": "x"})
    assert late.headers["location"] == "/?ended&next=/enter/fall/family%3Flang%3Des"
    door = client.get(late.headers["location"]).text
    assert "what you just sent was not kept" in door
    assert 'value="/enter/fall/family?lang=es"' in door
    for strange in ("https://evil.example//x", "https://[evil", "https://evil.example/", "nothing", ""):
        assert api.browser(Referer=strange).post("/sign-out", data={}).headers["location"] == "/?ended"


def test_signing_in_again_ends_the_session_before(api: Api) -> None:
    client = api.signed_in()
    before = client.cookies["soundings"]
    client.post(SIGN_IN, data={"key": api.secret("admin")})
    assert client.cookies["soundings"] != before
    old = api.browser()
    old.cookies.set("soundings", before)
    assert a_page(old).status_code == 303


# ------------------------------------------------------------------ who is turned away
@pytest.mark.parametrize("key", ["snd_wrong", "x" * 300, "é\x00ñ", "Bearer x"])
def test_a_wrong_key(api: Api, key: str) -> None:
    reply = api.browser().post(SIGN_IN, data={"key": key, "next": "/enter"})
    assert reply.status_code == 403
    assert "This key is not valid" in reply.text
    assert 'value="/enter"' in reply.text
    assert key not in reply.text
    assert "set-cookie" not in reply.headers


def test_no_key_at_all(api: Api) -> None:
    reply = api.browser().post(SIGN_IN, data={"key": " "})
    assert reply.status_code == 422
    assert "Enter your key" in reply.text


def test_a_publishable_key_is_for_web_pages(api: Api) -> None:
    secret = api.secret("collector", publishable=True, waves=["w"])
    reply = api.browser().post(SIGN_IN, data={"key": secret})
    assert reply.status_code == 403
    assert "cannot be used to sign in" in reply.text
    assert "set-cookie" not in reply.headers


def test_another_role_is_told_so(api: Api) -> None:
    client = api.signed_in("principal")
    reply = a_page(client)
    assert reply.status_code == 403
    assert "You are signed in as principal" in reply.text
    assert form_token(reply)  # and can sign out from there


def test_a_revoked_key_is_signed_out_at_once(api: Api) -> None:
    made = must(api.admin.post("/v1/keys", json={"role": "director", "name": "gone soon"}))
    client = api.browser()
    client.post(SIGN_IN, data={"key": made["key"]})
    assert a_page(client).status_code == 200
    must(api.admin.delete(f"/v1/keys/{made['id']}"))
    assert a_page(client).status_code == 303


def test_wrong_keys_have_to_wait(kind: str, tmp_path: Path) -> None:
    api = Api(settings_for(kind, tmp_path))
    try:
        client, right = api.browser(), api.secret("director")
        seen = [client.post(SIGN_IN, data={"key": f"snd_{i}"}).status_code for i in range(WRONG_CODES + 3)]
        assert seen[:WRONG_CODES] == [403] * WRONG_CODES
        assert seen[-1] == 429
        late = client.post(SIGN_IN, data={"key": right})
        assert late.status_code == 429
        assert int(late.headers["retry-after"]) >= 1
        assert "Please wait" in late.text
    finally:
        api.stop()


# ------------------------------------------------------------------ forged forms
FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "BASE"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "https://[evil"},
    {"Origin": ""},
    {},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_nobody_is_signed_in_or_out_from_elsewhere(api: Api, headers: dict[str, str]) -> None:
    headers = {name: value.replace("BASE", api.base) for name, value in headers.items()}
    secret = api.secret("director")
    reply = httpx.post(api.base + SIGN_IN, data={"key": secret}, headers=headers)
    assert reply.status_code == 403
    assert "set-cookie" not in reply.headers
    client = api.signed_in()
    forged = form_token(a_page(client))  # even with a token
    del client.headers["Sec-Fetch-Site"]
    assert client.post("/sign-out", data=forged, headers=headers).status_code == 403
    assert a_page(client).status_code == 200


def test_a_browser_that_names_only_its_origin(api: Api) -> None:
    reply = httpx.post(api.base + SIGN_IN, data={"key": api.secret("director")}, headers={"Origin": api.base})
    assert reply.status_code == 303
    upper = httpx.post(api.base + SIGN_IN, data={"key": api.secret("director")}, headers={"Origin": api.base.upper()})
    assert upper.status_code == 303


@pytest.mark.parametrize("site", [{}, {"Sec-Fetch-Site": "same-origin"}])
def test_encryption_that_the_server_does_not_know_of_is_told(api: Api, site: dict[str, str]) -> None:
    """A proxy passes on the name that people use, and not that they came through HTTPS."""
    headers = {**site, "Host": "survey.example.org", "Origin": "https://survey.example.org"}
    reply = httpx.post(api.base + SIGN_IN, data={"key": api.secret("director")}, headers=headers)
    assert reply.status_code == 403
    assert "the server does not know" in reply.text
    assert "SOUNDINGS_PUBLIC_URL" in reply.text
    assert "set-cookie" not in reply.headers
    known = httpx.post(
        api.base + SIGN_IN, data={"key": api.secret("director")}, headers={**headers, "X-Forwarded-Proto": "https"}
    )
    assert known.status_code == 303
    assert "; Secure" in known.headers["set-cookie"]


def test_a_page_without_encryption_sends_no_form_to_one_with_it(api: Api) -> None:
    headers = {"Host": "survey.example.org", "X-Forwarded-Proto": "https", "Origin": "http://survey.example.org"}
    foreign = {"Host": "survey.example.org", "Origin": "https://evil.example"}
    for given_headers in (headers, foreign):
        reply = httpx.post(api.base + SIGN_IN, data={"key": "x"}, headers=given_headers)
        assert reply.status_code == 403
        assert "from somewhere else" in reply.text


@pytest.mark.parametrize("host", ["[evil", "", "a b"])
def test_a_host_that_is_none(api: Api, host: str) -> None:
    headers = {"Host": host, "Origin": "http://survey.example.org"}
    assert httpx.post(api.base + SIGN_IN, data={"key": "x"}, headers=headers).status_code in (400, 403)


@pytest.mark.parametrize("token", ["", "x", "ñ", "A" * 64, "A" * 43, "=" * 64])
def test_a_form_needs_its_token(api: Api, token: str) -> None:
    client = api.signed_in()
    assert client.post("/sign-out", data={"_token": token}).status_code == 403
    assert client.post("/sign-out", json={"_token": token}).status_code == 415
    assert a_page(client).status_code == 200


def test_a_token_is_good_in_its_own_session_only(api: Api) -> None:
    one, other = api.signed_in(), api.signed_in()
    token = form_token(a_page(one))
    assert other.post("/sign-out", data=token).status_code == 403
    assert one.post("/sign-out", data=token).status_code == 303


@given(st.text(st.characters(codec="ascii"), min_size=1, max_size=60), st.binary(max_size=60))
def test_tokens_are_never_written_twice_alike(token: str, noise: bytes) -> None:
    first, second = sessions.form_token(token), sessions.form_token(token)
    assert first != second
    assert genuine(token, first)
    assert genuine(token, second)
    assert not genuine(token + "x", first)
    assert not genuine(token, noise.hex())
    assert first[:32] != second[:32]
    assert first[32:] != second[32:]


# ------------------------------------------------------------------ behind an encrypting proxy
def test_where_the_address_is_encrypted_so_is_the_cookie(kind: str, tmp_path: Path) -> None:
    settings = settings_for(kind, tmp_path).model_copy(update={"public_url": "https://survey.example.org"})
    api = Api(settings)
    try:
        origin = {"Origin": "https://survey.example.org"}
        reply = httpx.post(api.base + SIGN_IN, data={"key": api.secret("director")}, headers=origin)
        cookie = reply.headers["set-cookie"]
        assert re.fullmatch(r"__Host-soundings=[\w-]{43}; HttpOnly; Path=/; SameSite=lax; Secure", cookie)
        token = cookie.split("=")[1].split(";")[0]
        assert httpx.get(api.base + "/enter", headers={"Cookie": f"__Host-soundings={token}"}).status_code == 200
        assert httpx.get(api.base + "/enter", headers={"Cookie": f"soundings={token}"}).status_code == 303
        for other in (api.base, "http://survey.example.org", "https://survey.example.org:444"):
            reply = httpx.post(api.base + SIGN_IN, data={"key": api.secret("director")}, headers={"Origin": other})
            assert reply.status_code == 403, "the public address alone"
    finally:
        api.stop()


def test_pages_are_locked_and_not_kept(api: Api) -> None:
    page = a_page(api.signed_in())
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert "Cookie" in page.headers["vary"]


def test_signing_in_is_written_down(api: Api) -> None:
    api.signed_in()
    with api.database.read() as session:
        rows = session.connection().exec_driver_sql(
            "SELECT key_id, subject FROM audit_event WHERE action = 'session.begin'"
        )
        assert all(key == subject for key, subject in rows)


# ------------------------------------------------------------------ addresses that lead nowhere
def test_the_address_of_the_form_leads_to_its_page(api: Api) -> None:
    reply = api.anonymous.get(SIGN_IN)
    assert (reply.status_code, reply.headers["location"]) == (303, "/")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/sign-out", 405), ("PUT", "/sign-in", 405), ("POST", "/waves", 405), ("DELETE", "/waves/x", 405),
        ("POST", "/enter", 405), ("GET", "/waves/x/nothing/at/all", 404), ("GET", "/waves/", 404),
        ("GET", "/enter/x", 404), ("POST", "/enter/x/family/erving/more", 404), ("GET", "/sign-in/x", 404),
        ("GET", "/roadmap/nothing/at/all", 404),
    ],
)  # fmt: skip
def test_nothing_is_there_and_a_page_says_so(api: Api, method: str, path: str, status: int) -> None:
    for client, signed_in in ((api.signed_in(), True), (api.browser(), False)):
        reply = client.request(method, path)
        assert (reply.status_code, reply.headers["content-type"]) == (status, "text/html; charset=utf-8")
        assert ("Sign out" in reply.text) == signed_in
        assert "To the first page" in reply.text
        assert ("allow" in reply.headers) == (status == 405)
        assert reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/nothing", "/waveson", "/v1/nothing", "/static/x"])
def test_elsewhere_a_problem_says_so(api: Api, path: str) -> None:
    assert api.signed_in().get(path).headers["content-type"] == "application/problem+json"
