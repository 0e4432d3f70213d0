"""The director's pages: who sees which, the same figures as the API gives, and what can be pressed."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from app.render import shown
from tests import factories
from tests.routers.office import NAMES, PEOPLE, SILENT, field, links, release, rows, text
from tests.server import Api, form_token, must
from tests.services.sending import problem
from tests.services.writing import texts, written

WITHHELD = "withheld"


@pytest.fixture(scope="module")
def wave(api: Api) -> str:
    return release(api, field(api))


@pytest.fixture(scope="module")
def director(api: Api) -> httpx.Client:
    return api.signed_in("director")


@pytest.fixture(scope="module")
def principal(api: Api) -> httpx.Client:
    return api.signed_in("principal", schools=["erving"])


def page(client: httpx.Client, path: str, status: int = 200) -> str:
    reply = client.get(path)
    assert (reply.status_code, reply.headers["content-type"]) == (status, "text/html; charset=utf-8"), reply.text[:500]
    assert reply.headers["cache-control"] == "no-store"
    return reply.text


def summary(api: Api, wave: str, role: str = "director", **limits: Any) -> dict[str, Any]:
    found: dict[str, Any] = must(api.client(role, **limits).get(f"/v1/waves/{wave}/summary"))
    return found


# ------------------------------------------------------------------ who sees what
PAGES = ("", "/results", "/results/communication", "/results/communication/heard", "/results/-/plan", "/priorities",
         "/gaps", "/comments", "/downloads")  # fmt: skip
EXACT_ONLY = ("/priorities", "/gaps", "/comments")


@pytest.mark.parametrize("role", ["director", "admin", "principal", "reporter", "collector"])
@pytest.mark.parametrize("path", PAGES)
def test_each_role_sees_its_pages(api: Api, wave: str, role: str, path: str) -> None:
    limits = {"audience": "public"} if role == "reporter" else {}
    expected = {"director": 200, "admin": 200, "collector": 403}.get(role, 403 if path in EXACT_ONLY else 200)
    if role == "reporter" and path == "/results/-/plan":
        expected = 404  # it has no favorable answers, and so no bands
    if role == "principal" and path == "/results/-/plan":
        expected = 404
    page(api.signed_in(role, **limits), f"/waves/{wave}{path}", expected)


def test_nobody_is_led_to_the_sign_in_page(api: Api, wave: str) -> None:
    for path in ("/waves", *(f"/waves/{wave}{path}" for path in PAGES), f"/waves/{wave}/files/summary.csv"):
        reply = api.browser().get(path)
        assert (reply.status_code, reply.headers["location"]) == (303, f"/?next={path}")


@pytest.mark.parametrize("path", [*PAGES, "/close", "/release", "/files/summary.csv", "/files/charts/likert.svg"])
@pytest.mark.parametrize("key", ["nothing", "No-Such_Key!", "%00"])
def test_an_unknown_wave_is_no_page(director: httpx.Client, path: str, key: str) -> None:
    assert "There is no such page" in page(director, f"/waves/{key}{path}", 404)


def test_what_the_results_do_not_have_is_no_page(director: httpx.Client, wave: str) -> None:
    for path in ("results/nothing", "results/communication/nothing", "results/-/heard", "results/communication/plan",
                 "comments?group=nobody", "comments?status=no", "comments?school=x", "comments/0123456789", "trends",
                 "comments?item=%00", "files/summary.csv?school=nothing", "files/charts/nothing.svg",
                 "files/charts/likert.svg?group=nobody", "files/summary.exe"):  # fmt: skip
        assert "There is no such page" in page(director, f"/waves/{wave}/{path}", 404), path


def test_a_key_for_other_waves_knows_nothing_of_this_one(api: Api, wave: str) -> None:
    other = api.signed_in("reporter", waves=["nothing"])
    page(other, f"/waves/{wave}", 404)
    assert wave not in page(other, "/waves")


@pytest.mark.parametrize("role", ["director", "principal", "reporter"])
def test_every_link_leads_somewhere(api: Api, wave: str, role: str) -> None:
    """Nobody is shown a way that is closed to them."""
    client = api.signed_in(role, **({"audience": "public"} if role == "reporter" else {}))
    waiting, seen = ["/waves"], set()
    while waiting:
        path = waiting.pop()
        if path in seen or not path.startswith(("/waves", "?")) or len(seen) > 120:
            continue
        seen.add(path)
        reply = client.get(path)
        assert reply.status_code == 200, f"{path}: {text(reply.text)[:300]}"
        if "/files/" not in path and (path == "/waves" or f"/waves/{wave}" in path):
            waiting += [one if one[0] == "/" else path.partition("?")[0] + one for one in links(reply.text)]
    assert f"/waves/{wave}/results/communication/heard" in seen


# ------------------------------------------------------------------ the same figures
def told(cell: dict[str, Any]) -> list[str]:
    """What a row says of a cell behind its place."""
    if cell["status"] == "protected":
        return [WITHHELD, f"average {WITHHELD}", f"{WITHHELD} people"]
    share, mean = shown.favorable(cell), shown.average(cell)
    assert share is not None
    assert mean is not None
    notes = "; ".join(shown.WARNINGS[warning] for warning in cell.get("warnings", ()))
    return [
        " ".join(filter(None, (share.text, share.range, notes))),
        " ".join(filter(None, ("average", mean.text, mean.range))),
        f"{cell['n']} people",
    ]


def test_a_construct_has_every_cell_of_the_document(api: Api, director: httpx.Client, wave: str) -> None:
    document = summary(api, wave)
    found = rows(page(director, f"/waves/{wave}/results/communication"))
    (construct,) = document["constructs"]
    protected = 0
    for cell in construct["cells"]:
        assert [shown.place(cell, NAMES), *told(cell)] in found
        protected += cell["status"] == "protected"
    assert protected == 2  # among families: the small school, and the one it is pooled with
    for item in document["items"]:
        if item["construct"] == "communication":
            for cell in item["cells"]:
                if shown.is_union(cell):
                    assert [item["text"], *told(cell)] in found


def test_a_question_has_every_count_of_the_document(api: Api, director: httpx.Client, wave: str) -> None:
    for key in ("heard", "plan", "help"):
        (item,) = [item for item in summary(api, wave)["items"] if item["item"] == key]
        found = rows(page(director, f"/waves/{wave}/results/{item['construct'] or '-'}/{key}"))
        shows = [option["value"] for option in item["options"] if not option.get("not_applicable")]
        for cell in item["cells"]:
            place = shown.place(cell, NAMES)
            if cell["status"] == "protected":
                assert [place, WITHHELD] in found
                continue
            share = shown.favorable(cell)
            favorable = [] if share is None else [" ".join(filter(None, (share.text, share.range)))]
            given, n = [cell["counts"][value] for value in shows], cell["n"]
            counts = [f"{count} {shown.percent(count / n)}" if n else f"{count}" for count in given]
            assert any(row[: 2 + len(favorable) + len(counts)] == [place, str(cell["n"]), *favorable, *counts]
                       for row in found), (key, cell)  # fmt: skip


def test_results_beside_a_school(api: Api, director: httpx.Client, wave: str) -> None:
    part = must(api.client("director").get(f"/v1/waves/{wave}/schools/shutesbury/summary"))
    found = rows(page(director, f"/waves/{wave}/results?school=shutesbury"))
    (construct,) = part["constructs"]
    assert {cell["status"] for cell in construct["cells"]} == {"published", "protected"}
    for cell in construct["cells"]:
        assert any(row[-4:] == [shown.place(cell, NAMES), *told(cell)] for row in found), cell
    everything = page(director, f"/waves/{wave}/results?school=nothing&what=ever")
    assert rows(everything) == rows(page(director, f"/waves/{wave}/results"))


def test_withheld_cells_say_nothing_else(director: httpx.Client, wave: str) -> None:
    """No number, no reason and no attribute stands where a cell is withheld."""
    for path in ("/results/communication", "/results/communication/heard", "/results/-/help",
                 "/results?school=shutesbury", "/gaps?school=shutesbury"):  # fmt: skip
        found = page(director, f"/waves/{wave}{path}")
        withheld = re.findall(r"<td[^>]*>(?:(?!</td>).)*?withheld.*?</td>", found, re.S)
        assert withheld or "gaps" in path
        for cell in withheld:
            assert not re.search(r"\d", re.sub(r'colspan="\d+"', "", cell)), cell
            assert text(cell) in (WITHHELD, f"average {WITHHELD}", f"{WITHHELD} people")


def test_participation_is_that_of_the_api(api: Api, director: httpx.Client, principal: httpx.Client, wave: str) -> None:
    for client, key in ((director, api.client("director")), (principal, api.client("principal", schools=["erving"]))):
        cells = must(key.get(f"/v1/waves/{wave}/participation"))["cells"]
        found = rows(page(client, f"/waves/{wave}"))
        assert len([row for row in found if row[0] in (*NAMES.values(), "All schools")]) == len(cells)
        for cell in cells:
            if cell.get("status") == "protected":
                assert [shown.place(cell, NAMES), WITHHELD] in found
                continue
            begins = f"{cell['responses']} answered, no roster"
            if cell["eligible"] is not None:
                begins = f"{cell['responses']} of {cell['eligible']} {shown.percent(cell['rate'])}"
            assert any(row[0] == shown.place(cell, NAMES) and row[1].startswith(begins) for row in found), cell


def test_sentences_are_those_of_the_api(api: Api, director: httpx.Client, wave: str) -> None:
    key = api.client("director")
    gaps = must(key.get(f"/v1/waves/{wave}/gaps?a=family&b=staff"))
    said = text(page(director, f"/waves/{wave}/gaps"))
    assert gaps["items"]
    for row in (*gaps["constructs"], *gaps["items"]):
        assert (row["reading"] or row["reason"]) in said
    ranked = must(key.get(f"/v1/waves/{wave}/priorities"))
    said = text(page(director, f"/waves/{wave}/priorities"))
    for row in ranked["constructs"]:
        assert row["reading"] in said
    assert ranked["note"] in said
    there = text(page(director, f"/waves/{wave}/gaps?a=staff&b=staff&school=nothing"))
    assert "Group against group" in there  # what is not among the choices counts as not chosen


def test_trends_are_those_of_the_api(api: Api, director: httpx.Client, wave: str) -> None:
    earlier = release(api, field(api, title="The year before", simulated=True, opens_at=factories.iso(days=-300)))
    trends = must(api.client("director").get(f"/v1/trends?wave={earlier}&wave={wave}"))
    said = text(page(director, f"/waves/{wave}/trends"))
    union = [c for e in (*trends["constructs"], *trends["items"]) for c in e["cells"] if shown.is_union(c)]
    assert union
    for cell in union:
        assert cell["reading"] in said
    assert "no clear change" in said
    assert "the answers of the earlier wave are made up" in said
    assert "made up" not in page(director, f"/waves/{wave}/gaps")
    assert "the answers of this wave are made up" in page(director, f"/waves/{earlier}/gaps")
    assert "There is no such page" in page(director, f"/waves/{earlier}/trends", 404)


# ------------------------------------------------------------------ a principal
def test_a_principal_reads_ranges_of_the_own_school(api: Api, principal: httpx.Client, wave: str) -> None:
    document = summary(api, wave, "principal", schools=["erving"])
    found = rows(page(principal, f"/waves/{wave}/results"))
    (construct,) = document["constructs"]
    assert {cell["school"] for cell in construct["cells"]} == {"erving", None}
    for cell in construct["cells"]:
        share = shown.favorable(cell)
        assert share is not None
        assert share.bar is not None
        assert share.bar.band
        assert any(row[-3:] == [shown.place(cell, NAMES), share.text, f"{cell['n']} people"] for row in found), cell


def test_a_principal_sees_nothing_of_another_school(principal: httpx.Client, wave: str) -> None:
    others = [name for key, name in NAMES.items() if key != "erving"]
    for path in ("", "/results", "/results?school=leverett", "/results/communication", "/results/communication/heard",
                 "/downloads", "/files/report.html"):  # fmt: skip
        said = principal.get(f"/waves/{wave}{path}").text
        assert "erving" in said.lower()
        assert not [name for name in (*others, "leverett", "Leverett") if name in said], path
    page(principal, f"/waves/{wave}/files/summary.csv?school=leverett", 404)
    assert "leverett" not in principal.get(f"/waves/{wave}/files/summary.csv").text


def test_a_principal_manages_nothing(principal: httpx.Client, wave: str) -> None:
    said = page(principal, f"/waves/{wave}")
    for word in ("Survey addresses", "/s/", "Close the wave", "Release the results", "/comments"):
        assert word not in said
    for path in ("close", "release"):
        page(principal, f"/waves/{wave}/{path}", 403)
        assert principal.post(f"/waves/{wave}/{path}", data=form_token(principal.get("/waves"))).status_code == 403


# ------------------------------------------------------------------ closing and releasing
def test_closing_and_releasing(api: Api, director: httpx.Client) -> None:
    wave = field(api, title="A wave that ends")
    said = page(director, f"/waves/{wave}")
    assert "/s/" + wave in said  # its addresses
    assert "There are no results yet" in page(director, f"/waves/{wave}/results", 409)
    asked = director.get(f"/waves/{wave}/close")
    assert "for good" in asked.text
    assert director.post(f"/waves/{wave}/close", data={"_token": "x"}).status_code == 403  # without the form's token
    assert must(api.admin.get(f"/v1/waves/{wave}"))["status"] == "open"
    director.get(f"/waves/{wave}/release")
    early = director.post(f"/waves/{wave}/release", data=form_token(asked))
    assert early.status_code == 409
    done = director.post(f"/waves/{wave}/close", data=form_token(asked))
    assert (done.status_code, done.headers["location"]) == (303, f"/waves/{wave}?done=closed")
    assert "The wave is closed." in page(director, done.headers["location"])
    assert director.get(f"/waves/{wave}/close").status_code == 303
    # a page that is only looked at makes no release
    for path in ("results", "downloads", "gaps", "comments", "files/summary.csv", "files/report.html"):
        assert "not released yet" in page(director, f"/waves/{wave}/{path}", 409)
    assert must(api.admin.get(f"/v1/waves/{wave}/releases"))["items"] == []
    asked = director.get(f"/waves/{wave}/release")
    done = director.post(f"/waves/{wave}/release", data=form_token(asked))
    assert (done.status_code, done.headers["location"]) == (303, f"/waves/{wave}?done=released")
    (made,) = must(api.client("director").get(f"/v1/waves/{wave}/releases"))["items"]
    assert made["digest"] in page(director, done.headers["location"])
    page(director, f"/waves/{wave}/results")


def test_a_hidden_school_is_withheld_while_the_wave_is_open(api: Api, director: httpx.Client) -> None:
    wave = api.wave(title="Hidden")
    counts = [{"group": "staff", "school": school, "eligible": n}
              for school, n in {"erving": 9, "leverett": 12, "shutesbury": 30, "swift-river": 30}.items()]  # fmt: skip
    must(api.admin.put(f"/v1/waves/{wave}/roster", json={"source": "test", "counts": counts}))
    found = rows(page(director, f"/waves/{wave}"))
    assert [row[0] for row in found if row[1:] == [WITHHELD]] == [NAMES["erving"], NAMES["leverett"]]


def test_home_lists_waves_and_who_has_answered(api: Api, director: httpx.Client, wave: str) -> None:
    coming = api.wave(title="To come", opens_at=factories.iso(days=3), closes_at=factories.iso(days=9))
    said = page(director, "/waves")
    assert f'href="/waves/{coming}"' in said
    assert f'href="/waves/{wave}"' in said
    families = sum(PEOPLE["family"].values())
    assert f"Families {families} of {families + 4 * SILENT}" in text(said)


def test_texts_are_escaped(api: Api, director: httpx.Client) -> None:
    wave = api.wave(title="<b>Bold</b> & bad")
    for path in ("/waves", f"/waves/{wave}", f"/waves/{wave}/close"):
        said = page(director, path)
        assert "<b>Bold" not in said
        assert "&lt;b&gt;Bold&lt;/b&gt; &amp; bad" in said


# ------------------------------------------------------------------ comments
def press(director: httpx.Client, wave: str, comment: str, **fields: str) -> httpx.Response:
    asked = director.get(f"/waves/{wave}/comments")
    return director.post(f"/waves/{wave}/comments/{comment}", data={**form_token(asked), **fields})


def test_comments_are_reviewed_one_by_one(api: Api, director: httpx.Client) -> None:
    wave = release(api, field(api, title="With comments"))
    key = api.client("director")
    first, second, third, *_ = must(key.get(f"/v1/waves/{wave}/comments"))["items"]

    def status(comment: dict[str, Any]) -> str:
        return str(must(key.get(f"/v1/waves/{wave}/comments/{comment['id']}"))["status"])

    said = page(director, f"/waves/{wave}/comments")
    assert first["text"].strip() in text(said)
    done = press(director, wave, first["id"], status="shown", f_status="pending", f_group="family")
    assert done.status_code == 303
    assert done.headers["location"] == f"/waves/{wave}/comments?last={first['id']}&status=pending&group=family"
    assert status(first) == "shown"
    after = page(director, done.headers["location"])
    assert "Passed: “" in text(after)
    assert f'aria-labelledby="c-{first["id"]}"' not in after
    assert f'aria-labelledby="c-{first["id"]}"' in page(director, f"/waves/{wave}/comments?status=shown")
    press(director, wave, second["id"], status="withheld")
    assert status(second) == "withheld"
    press(director, wave, first["id"], status="pending")
    assert status(first) == "pending"

    edit = page(director, f"/waves/{wave}/comments/{third['id']}")
    seen = re.search(r'name="seen" value="([^"]+)"', edit)
    assert seen is not None
    mark = seen[1].replace("&#34;", '"')
    changed = press(director, wave, third["id"], status="redacted", seen=mark, text="Other words.")
    assert changed.status_code == 422
    assert "Only take words out" in changed.text
    assert "Other words." in changed.text
    left = "[…] " + " ".join(third["text"].split()[1:])
    passed = press(director, wave, third["id"], status="redacted", seen=mark, text=left)
    assert passed.status_code == 303
    assert status(third) == "redacted"
    stale = press(director, wave, third["id"], status="redacted", seen=mark, text="[…]")
    assert stale.status_code == 412
    assert left in text(stale.text)


def test_filters_that_no_page_has_are_not_carried_on(api: Api, director: httpx.Client, wave: str) -> None:
    (first, *_) = must(api.client("director").get(f"/v1/waves/{wave}/comments"))["items"]
    strange = {"f_status": "x" * 9000, "f_group": "nobody", "f_school": "//evil.example", "f_item": "informed"}
    done = press(director, wave, first["id"], status="pending", **strange)
    assert done.headers["location"] == f"/waves/{wave}/comments?last={first['id']}"
    mine = {"f_status": "all", "f_group": "staff", "f_school": "erving", "f_item": "anything"}
    done = press(director, wave, first["id"], status="pending", **mine)
    assert done.headers["location"].endswith("&status=all&group=staff&school=erving&item=anything")


@pytest.mark.parametrize("fields", [{}, {"status": "no"}, {"status": "redacted", "text": "\x00"}])
def test_a_review_without_sense_is_refused(api: Api, director: httpx.Client, wave: str, fields: dict[str, str]) -> None:
    (first, *_) = must(api.client("director").get(f"/v1/waves/{wave}/comments"))["items"]
    assert press(director, wave, first["id"], **fields).status_code == 422
    assert press(director, wave, "0123456789", status="shown").status_code == 404


def test_all_comments_are_reached(api: Api, director: httpx.Client, wave: str) -> None:
    expected = {one["id"] for one in must(api.client("director").get(f"/v1/waves/{wave}/comments?limit=1000"))["items"]}
    found: set[str] = set()
    path = f"/waves/{wave}/comments?status=all"
    while path:
        said = page(director, path)
        found |= set(re.findall(r'aria-labelledby="c-(\w+)"', said))
        onward = [one for one in links(said) if "after=" in one]
        path = f"/waves/{wave}/comments{onward[0]}" if onward else ""
    assert found == expected
    assert len(found) > 25


def test_a_principal_with_exact_results_reads_what_was_passed(api: Api, director: httpx.Client) -> None:
    wave = written(api, {"erving": texts("e", 6), "leverett": texts("l", 6)},
                   promise={"family": {"mode": "confidential", "minimum": 5, "principal": "exact"}})  # fmt: skip
    must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
    mine = [one for one in must(api.admin.get(f"/v1/waves/{wave}/comments"))["items"] if one["school"] == "erving"]
    principal = api.signed_in("principal", schools=["erving"])
    assert "There are no such comments." in page(principal, f"/waves/{wave}/comments")
    press(director, wave, mine[0]["id"], status="shown")
    said = page(principal, f"/waves/{wave}/comments?status=")
    assert text(said).count("Families, Erving") == 1
    assert "Withhold" not in said
    page(principal, f"/waves/{wave}/comments/{mine[0]['id']}", 403)


# ------------------------------------------------------------------ files
@pytest.mark.parametrize(
    ("path", "same"),
    [
        ("summary.csv", "summary?format=csv"),
        ("summary.json", "summary"),
        ("summary.xlsx?school=erving", "schools/erving/summary?format=xlsx"),
        ("summary.parquet", "summary?format=parquet"),
        ("report.html", "report?format=html"),
        ("report.pdf?school=leverett", "report?format=pdf&school=leverett"),
        ("charts/likert.svg?group=staff", "charts/likert?group=staff&format=svg"),
        ("charts/gaps.png?a=family&b=staff", "charts/gaps?a=family&b=staff&format=png"),
    ],
)
def test_a_file_is_the_one_of_the_api(api: Api, director: httpx.Client, wave: str, path: str, same: str) -> None:
    reply = director.get(f"/waves/{wave}/files/{path}")
    api_reply = api.client("director").get(f"/v1/waves/{wave}/{same}")
    assert (reply.status_code, reply.content) == (200, api_reply.content)
    assert reply.headers["etag"] == api_reply.headers["etag"]
    assert (reply.headers["cache-control"], reply.headers["vary"]) == ("private, no-cache", "Cookie")
    again = director.get(f"/waves/{wave}/files/{path}", headers={"If-None-Match": reply.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["summary.csv", "report.html", "report.pdf", "charts/likert.svg?group=staff"])
def test_a_file_is_as_locked_as_a_page(director: httpx.Client, wave: str, path: str) -> None:
    given, page = director.get(f"/waves/{wave}/files/{path}"), director.get(f"/waves/{wave}")
    locks = ("x-content-type-options", "x-frame-options", "permissions-policy", "cross-origin-opener-policy",
             "cross-origin-resource-policy")  # fmt: skip
    assert [given.headers[name] for name in locks] == [page.headers[name] for name in locks]
    assert given.headers["referrer-policy"] == "no-referrer"
    assert given.headers["content-security-policy"].startswith("default-src 'none'")


def test_the_report_shows_itself_under_its_own_policy(director: httpx.Client, wave: str) -> None:
    reply = director.get(f"/waves/{wave}/files/report.html")
    assert reply.headers["content-disposition"].startswith("inline")
    assert "script-src" not in reply.headers["content-security-policy"].replace("script-src 'none'", "")
    assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]


def test_the_api_still_says_problems(api: Api) -> None:
    problem(api.client("director").get("/v1/waves/nothing/summary"), 404, "not-found")
