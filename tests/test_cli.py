"""The command line, as people and cron use it: its own process, its exit status, stdout and stderr."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from sqlmodel import select

from app.config import Settings
from app.db import Database
from app.models.tables import ApiKey, ReleaseDocument
from app.services.keys import KeyRing
from tests import factories
from tests.databases import SECRET, settings_for
from tests.server import Api, must
from tests.services.sending import export, fill
from tests.survey import questionnaires

ROOT = Path(__file__).parent.parent
LIBRARY = ROOT / "app" / "survey" / "library"


def environment(**settings: object) -> dict[str, str]:
    """The environment of a command: nothing of ours but what is given."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("SOUNDINGS_", "PROMETHEUS_"))}
    env |= {
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "200",
        "NO_COLOR": "1",
        "PYTHONWARNINGS": "default,ignore::ResourceWarning",
    }
    return env | {f"SOUNDINGS_{k.upper()}": str(v) for k, v in settings.items()}


def soundings(*args: object, cwd: Path, **settings: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", *map(str, args)],
        cwd=cwd, env=environment(**settings), capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def told(done: subprocess.CompletedProcess[str], status: int = 0) -> subprocess.CompletedProcess[str]:
    assert done.returncode == status, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The address of an SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'cli.db'}"


def write(tmp_path: Path, definition: Any, name: str = "it.yaml") -> Path:
    path = tmp_path / name
    path.write_text(json.dumps(definition) if name.endswith("json") else yaml.safe_dump(definition), encoding="utf-8")
    return path


# ------------------------------------------------------------------ keys
def test_key_create_prints_the_key_alone(tmp_path: Path, file: str) -> None:
    done = told(soundings("key", "create", "--role", "admin", "--name", "first", cwd=tmp_path, database_url=file))
    assert done.stdout.startswith("snd_")
    assert len(done.stdout.split()) == 1
    assert done.stdout.endswith("\n")
    assert done.stderr == ""
    database = Database(Settings(database_url=file, secret=SECRET))
    caller = KeyRing(database).find(done.stdout.strip())
    database.close()
    assert caller is not None
    assert (caller.role, caller.name) == ("admin", "first")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--role", "king", "--name", "x"], "role"),
        (["--role", "principal", "--name", "x"], "schools"),
        (["--role", "principal", "--name", "x", "--school", "atlantis"], "no such school"),
        (["--role", "reporter", "--name", "x"], "audience"),
        (["--role", "admin", "--name", ""], "name"),
        (["--role", "admin", "--name", "x", "--wave", "w"], "no limits"),
    ],
)
def test_key_create_refuses(tmp_path: Path, file: str, args: list[str], says: str) -> None:
    done = told(soundings("key", "create", *args, cwd=tmp_path, database_url=file), 1)
    assert done.stdout == ""
    assert says in done.stderr


def test_keys_are_revoked_all_or_none(tmp_path: Path, file: str) -> None:
    for name in ("one", "two", "three"):
        told(soundings("key", "create", "--role", "director", "--name", name, cwd=tmp_path, database_url=file))
    with closing(Database(Settings(database_url=file))) as database:

        def standing() -> dict[str, tuple[str, bool]]:
            with database.read() as session:
                return {key.name: (key.id, key.revoked_at is None) for key in session.exec(select(ApiKey))}

        one, two = standing()["one"][0], standing()["two"][0]
        refused = told(soundings("key", "revoke", one, "key_0", cwd=tmp_path, database_url=file), 1)
        assert "no key with this id" in refused.stderr
        assert all(valid for _, valid in standing().values())
        told(soundings("key", "revoke", one, two, cwd=tmp_path, database_url=file))
        assert {name for name, (_, valid) in standing().items() if valid} == {"three"}


# ------------------------------------------------------------------ migrate and doctor
def test_migrate_and_doctor(tmp_path: Path, file: str) -> None:
    before = told(soundings("doctor", cwd=tmp_path, database_url=file), 1)
    assert "not current" in before.stderr
    assert "soundings migrate" in before.stderr
    told(soundings("migrate", cwd=tmp_path, database_url=file))
    told(soundings("migrate", cwd=tmp_path, database_url=file))
    after = told(soundings("doctor", cwd=tmp_path, database_url=file, workers=3))
    assert "current" in after.stderr
    assert "not current" not in after.stderr
    assert "SQLite" in after.stderr
    assert "3" in after.stderr
    assert "can read" not in after.stderr
    (tmp_path / "cli.db").chmod(0o640)
    assert f"chmod 600 {tmp_path / 'cli.db'}*" in told(soundings("doctor", cwd=tmp_path, database_url=file)).stderr
    told(soundings("migrate", "base", cwd=tmp_path, database_url=file))
    told(soundings("doctor", cwd=tmp_path, database_url=file), 1)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"database_url": "mysql://x/y"}, "SOUNDINGS_DATABASE_URL"),
        ({"database_url": "sqlite:///:memory:"}, "must be a file"),
        ({"workers": 0}, "SOUNDINGS_WORKERS"),
        ({"port": "many"}, "SOUNDINGS_PORT"),
        ({"secret": "short"}, "SOUNDINGS_SECRET"),
        ({"database_url": "postgresql://nobody@127.0.0.1:1/none", "secret": SECRET}, "cannot be reached"),
        ({"database_url": "postgresql://nobody@127.0.0.1:1/none"}, "SOUNDINGS_SECRET is required"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, settings: dict[str, Any], says: str) -> None:
    done = told(soundings("doctor", cwd=tmp_path, **settings), 1)
    assert says in done.stderr
    assert done.stdout == ""


@pytest.mark.pg
def test_postgres_is_migrated_on_purpose(tmp_path: Path) -> None:
    settings = settings_for("postgres", tmp_path)
    given: dict[str, object] = {"database_url": settings.database_url, "secret": SECRET}
    refused = told(soundings("serve", cwd=tmp_path, **given), 1)
    assert "soundings migrate" in refused.stderr
    assert "schema" in refused.stderr
    told(soundings("key", "create", "--role", "admin", "--name", "x", cwd=tmp_path, **given), 1)
    told(soundings("doctor", cwd=tmp_path, **given), 1)
    told(soundings("migrate", cwd=tmp_path, **given))
    assert "PostgreSQL" in told(soundings("doctor", cwd=tmp_path, **given)).stderr
    made = told(soundings("key", "create", "--role", "admin", "--name", "x", cwd=tmp_path, **given))
    assert made.stdout.startswith("snd_")
    with serving(tmp_path, **given) as (base, _):
        assert httpx.get(f"{base}/v1/me", headers=bearer(made.stdout.strip())).json()["role"] == "admin"


# ------------------------------------------------------------------ instruments
@pytest.mark.parametrize("library", sorted(LIBRARY.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_shipped_instruments_are_sound(tmp_path: Path, library: Path) -> None:
    done = told(soundings("instrument", "check", library, cwd=tmp_path))
    assert "sound" in done.stderr
    assert "sha256:" in done.stderr
    assert not list(tmp_path.iterdir())  # checking needs no database


def test_instrument_add_prints_the_version(tmp_path: Path, file: str) -> None:
    first = write(tmp_path, factories.definition())
    made = told(soundings("instrument", "add", first, cwd=tmp_path, database_url=file))
    assert (made.stdout, "new version" in made.stderr) == ("family@1\n", True)
    again = told(soundings("instrument", "add", first, cwd=tmp_path, database_url=file))
    assert (again.stdout, "stood already" in again.stderr) == ("family@1\n", True)
    changed = write(tmp_path, factories.definition(title=factories.en("Other")), "it.json")
    assert told(soundings("instrument", "add", changed, cwd=tmp_path, database_url=file)).stdout == "family@2\n"
    incompatible = factories.definition()
    incompatible["sections"][0]["items"][0]["reverse"] = True
    refused = told(soundings("instrument", "add", write(tmp_path, incompatible), cwd=tmp_path, database_url=file), 1)
    assert refused.stdout == ""
    assert "meaning" in refused.stderr
    assert "/sections/0/items/0" in refused.stderr


def test_instrument_check_shows_the_line_of_every_fault_and_warns(tmp_path: Path) -> None:
    path = tmp_path / "bus.yaml"
    example = (ROOT / "docs" / "instruments.md").read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    path.write_text(example, encoding="utf-8")
    assert "warning" not in told(soundings("instrument", "check", path, "--strict", cwd=tmp_path)).stderr
    path.write_text(example.replace("comes on time", "is never late and clean"), encoding="utf-8")
    warned = told(soundings("instrument", "check", "bus.yaml", cwd=tmp_path))
    assert "bus.yaml:29:20: warning two_ideas:" in warned.stderr
    assert '   29 |         text: {en: "The bus is never late and clean.",' in warned.stderr
    assert warned.stdout == ""
    told(soundings("instrument", "check", "bus.yaml", "--strict", cwd=tmp_path), 1)
    path.write_text(example.replace('in: ["yes"]', "in: [yes]"), encoding="utf-8")
    refused = told(soundings("instrument", "check", "bus.yaml", cwd=tmp_path), 1)
    assert "bus.yaml:30:9: unknown_value:" in refused.stderr
    assert "at /sections/0/items/1/show_if" in refused.stderr
    path.write_text(f"{example}group: family\n", encoding="utf-8")
    assert "repeated_field" in told(soundings("instrument", "check", "bus.yaml", cwd=tmp_path), 1).stderr


def test_instruments_go_out_as_xlsform_and_come_back(tmp_path: Path, file: str) -> None:
    told(soundings("instrument", "add", LIBRARY / "family.yaml", cwd=tmp_path, database_url=file))
    made = told(soundings("instrument", "export", "family@1", "-o", "family.xlsx", cwd=tmp_path, database_url=file))
    assert made.stdout == ""
    back = told(soundings("instrument", "import", "family.xlsx", "-o", "back.yaml", cwd=tmp_path))
    assert "not carried over: 0" in back.stderr
    again = told(soundings("instrument", "add", "back.yaml", cwd=tmp_path, database_url=file))
    assert again.stdout == "family@1\n"  # the same definition, so the same version
    told(soundings("instrument", "export", "back.yaml", "-o", "file.xlsx", cwd=tmp_path))
    told(
        soundings(
            "instrument", "export", "back.yaml", "--format", "paper", "--locale", "es", "-o", "f.pdf", cwd=tmp_path
        )
    )
    assert (tmp_path / "f.pdf").read_bytes().startswith(b"%PDF-")
    done = told(soundings("instrument", "export", "back.yaml", "--locale", "fr", "-o", "x.pdf", cwd=tmp_path), 1)
    assert "not offered in fr, but in en, es" in done.stderr
    for name, says in (("family@2", "no instrument"), ("nothing", "neither")):
        refused = told(soundings("instrument", "export", name, "-o", "x.xlsx", cwd=tmp_path, database_url=file), 1)
        assert says in refused.stderr
    assert not (tmp_path / "x.xlsx").exists()


def test_instrument_import_names_what_it_leaves(tmp_path: Path) -> None:
    form = tmp_path / "form.csv"
    form.write_text('"survey",,,\n,"type","name","label"\n,"text","why","Why?"\n,"geopoint","where","Where?"\n')
    done = told(soundings("instrument", "import", form, "--group", "staff", cwd=tmp_path))
    assert "not carried over: where: a question of the type `geopoint` is no kind of item here" in done.stderr
    assert [item["key"] for item in yaml.safe_load(done.stdout)["sections"][0]["items"]] == ["why"]
    unsound = told(soundings("instrument", "import", form, cwd=tmp_path), 1)  # of which group?
    assert "at /group" in unsound.stderr
    assert "not an XLSForm" in told(soundings("instrument", "import", LIBRARY / "staff.yaml", cwd=tmp_path), 1).stderr


def test_instrument_import_reads_other_tools(tmp_path: Path) -> None:
    survey = questionnaires.Lss("en", "es")
    survey.group()
    survey.question("R", "rank")
    survey.question("Y", "bus")
    (tmp_path / "a.lss").write_bytes(survey.xml())
    asked = questionnaires.q(1, "TE", "SL"), questionnaires.q(2, "Timing", "PageTimer")
    (tmp_path / "b.QSF").write_bytes(questionnaires.as_qsf(questionnaires.qsf(*asked)))
    for name, lost, key in (("a.lss", "rank: to rank", "bus"), ("b.QSF", "Q2: the time", "q1")):
        done = told(soundings("instrument", "import", name, "--group", "staff", cwd=tmp_path))
        assert f"not carried over: {lost}" in done.stderr
        assert [item["key"] for item in yaml.safe_load(done.stdout)["sections"][0]["items"]] == [key]
    told(soundings("instrument", "import", "a.lss", "--group", "staff", "-o", "a.yaml", cwd=tmp_path))
    assert "sound, 1 items" in told(soundings("instrument", "check", "a.yaml", cwd=tmp_path)).stderr
    for name in ("wrong.qsf", "wrong.lss"):
        (tmp_path / name).write_text("<!DOCTYPE x []><document/>")
        assert "The file is no" in told(soundings("instrument", "import", name, cwd=tmp_path), 1).stderr


def test_instrument_preview_serves_the_page(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "app", "instrument", "preview", str(LIBRARY / "family.yaml"), "--port", "0"],
        cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as preview:  # fmt: skip
        assert preview.stdout is not None
        address = preview.stdout.readline().strip()
        page = httpx.get(address, timeout=30)
        preview.send_signal(signal.SIGTERM)
        _, said = preview.communicate(timeout=60)
    assert page.status_code == 200
    assert "Family survey" in page.text
    assert "Traceback" not in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["check", "add"])
def test_all_faults_of_a_definition_are_told(tmp_path: Path, file: str, command: str) -> None:
    wrong = factories.definition(group="parents")
    wrong["sections"][0]["items"][0]["scale"] = 5
    wrong["sections"][0]["items"][1]["kind"] = "rating-ish"
    wrong["surprise"] = 1
    done = told(soundings("instrument", command, write(tmp_path, wrong), cwd=tmp_path, database_url=file), 1)
    assert done.stdout == ""
    for where in ("/group", "/sections/0/items/0", "/sections/0/items/1", "/surprise"):
        assert where in done.stderr


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"key: [unclosed", "not YAML or JSON"), (b"\xff\xfe\x00", "not YAML or JSON"), (b"", "/"), (b"just text", "/")],
)
def test_files_that_are_no_definition(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "it.yaml"
    path.write_bytes(content)
    assert says in told(soundings("instrument", "check", path, cwd=tmp_path), 1).stderr


def test_a_missing_file_and_an_unknown_command(tmp_path: Path) -> None:
    assert soundings("instrument", "check", tmp_path / "none.yaml", cwd=tmp_path).returncode == 2
    assert soundings("sing", cwd=tmp_path).returncode == 2
    assert "serve" in soundings("--help", cwd=tmp_path).stdout


# ------------------------------------------------------------------ serving
def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


@contextmanager
def serving(cwd: Path, **settings: object) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`soundings serve` until it answers; ended if the test has not done so."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (cwd / f"serve-{port}.log").open("w+")
    server = subprocess.Popen(
        [sys.executable, "-m", "app", "serve"], cwd=cwd, env=environment(port=port, **settings),
        stdout=log, stderr=log, text=True,
    )  # fmt: skip
    base = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            assert server.poll() is None, Path(log.name).read_text()
            assert time.monotonic() < deadline, Path(log.name).read_text()
            try:
                if httpx.get(f"{base}/readyz", timeout=5).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        yield base, server
    finally:
        if server.poll() is None:
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait(10)
        log.close()


def children(pid: int) -> list[int]:
    """Processes that a process has started."""
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in found.read_text().split()] if found.exists() else []


def runs(pid: int) -> bool:
    """Tell whether a process is there and is not merely waiting to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_two_workers_on_one_file(tmp_path: Path, file: str) -> None:
    """They answer, share the database and its secret, and end on SIGTERM with everything stored."""
    given: dict[str, object] = {"database_url": file, "workers": 2}
    with serving(tmp_path, **given) as (base, server):
        key = ["key", "create", "--role", "admin", "--name", "x"]
        secret = told(soundings(*key, cwd=tmp_path, database_url=file)).stdout.strip()  # while the server runs
        definition = factories.definition()
        ids = []
        with httpx.Client(base_url=base, headers=bearer(secret), timeout=30) as admin:
            must(admin.put("/v1/schools/erving", json={"name": "Erving"}), 201)
            made = must(admin.post("/v1/instruments", json=definition), 201)
            fielded = {"family": f"{made['key']}@{made['version']}"}
            must(admin.put("/v1/waves/w", json=factories.wave(fielded, schools=["erving"])), 201)
        codes = set()
        body = factories.response()
        for _ in range(12):  # a connection of its own each: both workers take some
            with httpx.Client(base_url=base, headers=bearer(secret), timeout=30) as client:
                ids.append(must(client.post("/v1/waves/w/responses", json=factories.response()), 201)["id"])
                codes.add(must(client.post("/v1/waves/w/responses", json=body))["withdrawal_code"])
        assert len(codes) == 1  # the workers agree on the secret
        metrics = httpx.get(f"{base}/metrics", headers=bearer(secret))
        assert metrics.status_code == 200
        posted = [
            float(line.split()[-1])
            for line in metrics.text.splitlines()
            if line.startswith("soundings_requests_total") and 'method="POST"' in line and 'responses"' in line
        ]
        assert sum(posted) == 24  # of all workers together
        workers = children(server.pid)
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) in (0, -signal.SIGTERM)
        deadline = time.monotonic() + 10
        while any(runs(pid) for pid in workers) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(workers) >= 2
        assert not [pid for pid in workers if runs(pid)]
    logs = "".join(path.read_text() for path in tmp_path.glob("serve-*.log"))
    assert "Traceback" not in logs
    assert "Warning" not in logs
    for line in logs.splitlines():
        json.loads(line)  # the log is one JSON object a line
    ended = told(soundings("wave", "close", "w", cwd=tmp_path, database_url=file))
    assert "w is closed" in ended.stderr
    first = told(soundings("release", "w", cwd=tmp_path, database_url=file))
    assert (first.stdout, "made now" in first.stderr) == ("1\n", True)
    again = told(soundings("release", "w", cwd=tmp_path, database_url=file))
    assert (again.stdout, "stood already" in again.stderr) == ("1\n", True)
    database = Database(Settings(database_url=file, secret=SECRET))
    with database.engine.connect() as connection:
        stored = {row[0] for row in connection.exec_driver_sql("SELECT id FROM survey_response")}
    database.close()
    assert stored == {*ids, body["id"]}


def test_sigterm_lets_one_worker_finish(tmp_path: Path, file: str) -> None:
    with serving(tmp_path, database_url=file) as (base, server):
        assert httpx.get(f"{base}/healthz").status_code == 200
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) in (0, -signal.SIGTERM)
    assert "Traceback" not in "".join(path.read_text() for path in tmp_path.glob("serve-*.log"))


UNKNOWN = [["wave", "close", "none"], *(["release", *which, "none"] for which in ([], ["make"], ["audit"], ["verify"]))]


@pytest.mark.parametrize("command", UNKNOWN, ids=" ".join)
def test_unknown_waves(tmp_path: Path, file: str, command: list[str]) -> None:
    done = told(soundings(*command, cwd=tmp_path, database_url=file), 1)
    assert "no wave" in done.stderr
    assert done.stdout == ""


# ------------------------------------------------------------------ releases, audited and verified
@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Api]:
    """Two closed waves, `w` and one that is called like a command: 14 families of Erving and 9 of Leverett in each."""
    api = Api(settings_for("sqlite", tmp_path))
    api.schools()
    reference = api.instrument(factories.definition())
    for wave in ("w", "audit"):
        must(api.admin.put(f"/v1/waves/{wave}", json=factories.wave({"family": reference})), 201)
        fill(api, wave, {"family": {"erving": 14, "leverett": 9}})
        must(api.admin.post(f"/v1/waves/{wave}/close"))
    yield api
    api.stop()


def test_release_audit_and_verify(tmp_path: Path, closed: Api) -> None:
    def run(*args: str, status: int = 0) -> tuple[str, str]:
        done = told(soundings("release", *args, cwd=tmp_path, database_url=closed.settings.database_url), status)
        return done.stdout, done.stderr

    for command in ("audit", "verify"):
        assert "has no release" in run(command, "w", status=1)[1]
    assert run("w") == ("1\n", "made now\n")
    assert run("make", "w") == ("1\n", "stood already\n")
    proved, nothing = run("audit", "w")
    assert nothing == ""
    assert proved.splitlines()[1] == (
        "Whatever is subtracted from whatever, nobody or at least as many as promised are left."
    )
    assert [f"({proof})" in proved for proof in ("P1", "P3")] == [True, True]
    digest = must(closed.admin.get("/v1/waves/w/releases/1"))["digest"]
    assert run("verify", "w") == (f"release 1: the same, bit for bit, {digest}\n", "")
    with closed.database.write() as session:  # by somebody who can write to the file
        row = session.get(ReleaseDocument, ("w", 1, "director"))
        assert row is not None
        document = json.loads(zlib.decompress(row.document))
        document["items"][0]["cells"][0]["n"] -= 1
        row.document = zlib.compress(json.dumps(document).encode())
    assert run("verify", "w", status=1) == (
        "", "Release 1 is NOT what its responses give: the director's document.\n",
    )  # fmt: skip
    found, faults = run("audit", "w", status=1)
    assert "13 people are shown where there are 14" in faults
    assert "P1" not in found


def test_releases_of_a_wave_that_is_called_like_a_command(tmp_path: Path, closed: Api) -> None:
    given = {"database_url": closed.settings.database_url}
    short = soundings("release", "audit", cwd=tmp_path, **given)
    assert (short.returncode, short.stdout) == (2, "")
    assert "Missing argument" in short.stderr
    made = told(soundings("release", "make", "audit", cwd=tmp_path, **given))
    assert (made.stdout, made.stderr) == ("1\n", "made now\n")
    assert "(P3)" in told(soundings("release", "audit", "audit", cwd=tmp_path, **given)).stdout


def test_audit_and_verify_after_an_erasure(tmp_path: Path, closed: Api) -> None:
    """What was computed from somebody who is gone cannot be computed again; it can still be attacked."""
    given = {"database_url": closed.settings.database_url}
    told(soundings("release", "w", cwd=tmp_path, **given))
    (somebody, *_) = export(closed.admin, "w")
    erased = told(soundings("erase", "w", somebody, cwd=tmp_path, **given))
    assert "Release 1 stays" in erased.stderr
    gone = told(soundings("release", "verify", "w", cwd=tmp_path, **given), 2)
    assert gone.stdout == ""
    assert "cannot be computed again" in gone.stderr
    audited = told(soundings("release", "audit", "w", cwd=tmp_path, **given))
    assert "Responses have gone since it was made" in audited.stdout
    assert "family: the responses are gone, nothing is proved without them" in audited.stdout
    assert audited.stderr == ""


# ------------------------------------------------------------------ the demo
@pytest.mark.slow
def test_the_demo(tmp_path: Path) -> None:
    done = told(soundings("demo", "--exit", "--port", 0, cwd=tmp_path))
    assert "SIMULATED" in done.stdout
    for words in ("Who answered", "Families", "Staff", "Erving", "Swift River", "withheld", "%"):
        assert words in done.stdout, words
    assert "Warning" not in done.stderr
    assert "snd_" not in done.stdout
    assert not list(tmp_path.iterdir())  # nothing is left behind


@pytest.mark.slow
def test_a_demo_that_is_told_to_end_ends_its_server(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "app", "demo", "--port", str(port)]
    demo = subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, text=True)
    assert demo.stdout is not None
    assert any("Worth trying" in line for line in demo.stdout)
    assert httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    demo.terminate()
    demo.communicate(timeout=30)
    assert demo.returncode == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/healthz")


# ------------------------------------------------------------------ what is left behind
def test_what_the_server_writes_names_nobody_and_nothing(tmp_path: Path, file: str) -> None:
    """Answers, codes, keys, and the names of waves, schools and people: in no log and no metric."""
    given = {"database_url": file, "secret": SECRET, "access_log": "true"}
    made = {role: told(soundings("key", "create", "--role", role, "--name", f"zq-key-{role}", cwd=tmp_path, **given))
            for role in ("admin", "director", "collector")}  # fmt: skip
    secrets = {role: done.stdout.strip() for role, done in made.items()}
    words = {"key": "zqwords", "kind": "text", "text": factories.en("?"), "max_length": 80}
    definition = factories.definition("family", [factories.rating("zqitem"), words], key="zqinstrument")
    forbidden = ["zqwave", "zqschool", "zqwords", "zqitem", "zqinstrument", "zq-key", "zq wrote this", "strongly_agree",
                 "zqoffice", "zqsignature"]  # fmt: skip
    with serving(tmp_path, **given) as (base, _):
        clients = {role: httpx.Client(base_url=base, headers=bearer(secret)) for role, secret in secrets.items()}
        admin, sender = clients["admin"], clients["collector"]
        must(admin.put("/v1/schools/zqschool", json={"name": "zqschool"}))
        must(admin.post("/v1/instruments", json=definition))
        wave = factories.wave({"family": "zqinstrument@1"}, schools=["zqschool"], access={"family": "code"})
        must(admin.put("/v1/waves/zqwave", json=wave))
        people = {"group": "family", "school": "zqschool", "eligible": 20}
        must(admin.put("/v1/waves/zqwave/roster", json={"source": "zqoffice", "counts": [people]}))
        wanted = {"group": "family", "school": "zqschool", "count": 15}
        access = must(admin.post("/v1/waves/zqwave/access-codes", json=wanted), 201)["codes"]
        links = [one["address"] for one in must(admin.get("/v1/waves/zqwave/links"))["items"]]
        url = "/v1/waves/zqwave/responses"
        codes = [*access, *(code.replace("-", "") for code in access)]
        sender.headers["X-Forwarded-For"] = "198.51.100.77"
        for code in access[:12]:
            answers = {"zqitem": "strongly_agree", "zqwords": "zq wrote this, call 413-555-0100"}
            body = factories.response(school="zqschool", answers=answers, access_code=code)
            mine = (must(sender.post(url, json=body), 201)["withdrawal_code"], body["id"])
            codes += mine
        for address in links:
            httpx.get(f"{address}?k=zqsignature#{access[12]}")
        for _ in range(40):  # beyond what is heard of wrong codes
            sender.post(url, json=factories.response(school="zqschool", answers={}, access_code=access[0]))
        must(admin.delete("/v1/waves/zqwave/access-codes?group=family&school=zqschool"), 204)
        sender.post(url, json=factories.response(school="zqschool", answers={"zqitem": "zq wrote this"}))
        sender.post(url, content=b'{"zq wrote this')
        sender.post(f"{url}/bulk", content=b"zq wrote this", headers={"Content-Type": "application/x-ndjson"})
        sender.get("/v1/waves/zqwave/summary?zqitem=zq+wrote+this")
        sender.get("/v1/zqwave/zqschool")
        sender.request("DELETE", f"{url}/{mine[1]}", headers={"Withdrawal-Code": mine[0]})
        httpx.get(f"{base}/v1/schools", headers=bearer("zq-key-that-is-none"))
        must(admin.post("/v1/waves/zqwave/close"))
        must(clients["director"].get("/v1/waves/zqwave/summary"))
        must(clients["director"].get("/v1/waves/zqwave/access-codes"))
        must(clients["director"].get("/v1/waves/zqwave/comments"))
        metrics = clients["director"].get("/metrics").text
        for client in clients.values():
            client.close()
    logs = "".join(path.read_text() for path in tmp_path.glob("serve-*.log"))
    assert '"route": "/v1/waves/{wave}/responses"' in logs
    assert 'route="/v1/waves/{wave}/responses"' in metrics
    for written in (logs, metrics):
        for mark in [*forbidden, *codes, *secrets.values(), "127.0.0.1", "198.51.100.77"]:
            assert mark not in written


# ------------------------------------------------------------------ backups
def test_backup_and_restore(tmp_path: Path, file: str) -> None:
    told(soundings("key", "create", "--role", "admin", "--name", "kept", cwd=tmp_path, database_url=file))
    told(soundings("doctor", cwd=tmp_path, database_url=file))  # makes the secret
    made = told(soundings("backup", "b.zip", cwd=tmp_path, database_url=file))
    assert made.stdout == ""
    assert "encrypt it" in made.stderr
    assert "is there already" in told(soundings("backup", "b.zip", cwd=tmp_path, database_url=file), 1).stderr
    told(soundings("backup", "b.zip", "--force", cwd=tmp_path, database_url=file))
    there = f"sqlite:///{tmp_path / 'there.db'}"
    back = told(soundings("restore", "b.zip", cwd=tmp_path, database_url=there))
    assert "Withdrawals and erasures since then" in back.stderr
    assert "Keys revoked and webhooks removed since then are back" in back.stderr
    assert (tmp_path / "there.db.secret").read_bytes() == (tmp_path / "cli.db.secret").read_bytes()
    with closing(Database(Settings(database_url=there))) as database, database.read() as session:
        assert [key.name for key in session.exec(select(ApiKey))] == ["kept"]
    refused = told(soundings("restore", "b.zip", cwd=tmp_path, database_url=there), 1)
    assert "--force" in refused.stderr
    told(soundings("restore", "b.zip", "--force", cwd=tmp_path, database_url=there))
    nowhere = told(soundings("backup", "no/such/folder/b.zip", cwd=tmp_path, database_url=file), 1)
    assert "The backup was not made" in nowhere.stderr
    own = told(soundings("backup", "c.zip", cwd=tmp_path, database_url=file, secret="s" * 32))
    assert "SOUNDINGS_SECRET" in own.stderr
    lacking = told(soundings("restore", "c.zip", cwd=tmp_path, database_url=f"sqlite:///{tmp_path / 'c.db'}"))
    assert "set SOUNDINGS_SECRET" in lacking.stderr
    assert "is no backup" in told(
        soundings("restore", "cli.db", cwd=tmp_path, database_url=f"sqlite:///{tmp_path / 'd.db'}"), 1
    ).stderr  # fmt: skip
    elsewhere = soundings("backup", "d.zip", cwd=tmp_path, database_url="postgresql://me:pw@db/x", secret="s" * 32)
    assert "pg_dump" in told(elsewhere, 1).stderr
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]
