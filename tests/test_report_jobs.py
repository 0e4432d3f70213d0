"""The examples for report jobs, run against a real server: the shell script, the Python job, the receiver."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as parquet
import pytest
import yaml
from standardwebhooks import Webhook

from app.render import tidy
from app.services import courier
from tests import factories
from tests.databases import settings_for
from tests.server import Api, must
from tests.services.receiving import LOOPBACK, until
from tests.services.sending import bulk

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(courier, "LOOK_S", 0.05)
        running = Api(settings_for("sqlite", tmp_path_factory.mktemp("jobs"), webhook_networks=LOOPBACK))
        yield running
        running.stop()


def closed(api: Api) -> str:
    """A wave of twelve families, closed and not released."""
    wave = api.wave(factories.definition(), promise={"family": {"mode": "confidential", "minimum": 10}})
    bulk(api.admin, wave, [factories.response() for _ in range(12)])
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    return wave


def released(api: Api) -> str:
    wave = closed(api)
    must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
    return wave


def run(api: Api, command: list[str], key: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {"PATH": os.environ["PATH"], "SOUNDINGS_URL": api.base, **environment}
    if "SOUNDINGS_KEY_FILE" not in given:
        given["SOUNDINGS_KEY"] = key or api.secret("reporter")
    return subprocess.run(command, env=given, capture_output=True, text=True, timeout=120, check=False)


# ------------------------------------------------------------------ curl
SCRIPT = str(EXAMPLES / "report-job.sh")


def test_the_script_fetches_what_is_new(api: Api, tmp_path: Path) -> None:
    wave = api.wave(factories.definition())
    waiting = run(api, [SCRIPT, wave, str(tmp_path)])
    assert (waiting.returncode, waiting.stdout) == (0, "not released yet\n"), waiting.stderr
    assert list(tmp_path.iterdir()) == []
    bulk(api.admin, wave, [factories.response() for _ in range(12)])
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
    first = run(api, [SCRIPT, wave, str(tmp_path)])
    file = tmp_path / f"{wave}.csv"
    assert (first.returncode, first.stdout) == (0, f"new: {file}\n"), first.stderr
    reply = api.client("reporter").get(f"/v1/waves/{wave}/summary?format=csv")
    assert file.read_bytes() == reply.content
    assert (tmp_path / f"{wave}.csv.etag").read_text().strip() == reply.headers["etag"]
    before = file.stat()
    again = run(api, [SCRIPT, wave, str(tmp_path)])
    assert (again.returncode, again.stdout) == (0, "nothing new\n")
    assert file.stat() == before, "it was not written anew"
    file.unlink()
    assert run(api, [SCRIPT, wave, str(tmp_path)]).stdout == first.stdout, (
        "without the file, its ETag counts for nothing"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{wave}.csv", f"{wave}.csv.etag"]


def test_the_script_takes_its_key_from_a_file(api: Api, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(api.secret("reporter") + "\n")
    done = run(api, [SCRIPT, released(api), str(tmp_path)], SOUNDINGS_KEY_FILE=str(key))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("new: ")


def test_the_script_says_when_somebody_has_to_look(api: Api, tmp_path: Path) -> None:
    wrong = run(api, [SCRIPT, released(api), str(tmp_path)], key="snd_wrong")
    assert wrong.returncode == 1
    assert "/problems/unauthorized" in wrong.stderr
    missing = run(api, [SCRIPT, "no-such-wave", str(tmp_path)])
    assert (missing.returncode, "/problems/not-found" in missing.stderr) == (1, True)
    nowhere = run(api, [SCRIPT, "w", str(tmp_path)], SOUNDINGS_URL="http://no-such-name.invalid")
    assert nowhere.returncode == 75
    assert run(api, [SCRIPT]).returncode != 0
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------ Python
JOB = [sys.executable, str(EXAMPLES / "report_job.py")]


def test_the_job_fetches_each_release_once(api: Api, tmp_path: Path) -> None:
    waves = [released(api) for _ in range(2)]
    out = tmp_path / "reports"
    first = run(api, [*JOB, "--out", str(out)])
    assert first.returncode == 0, first.stderr
    for wave in waves:
        file = out / f"{wave}-1.parquet"
        assert str(file) in first.stdout
        assert file.read_bytes() == api.client("reporter").get(f"/v1/waves/{wave}/summary?format=parquet").content
        assert parquet.read_table(file).column_names == [column.name for column in tidy.COLUMNS]
        note = json.loads((out / f"{wave}-1.json").read_bytes())
        assert note["wave"] == wave
        assert note["release"] == must(api.client("reporter").get(f"/v1/waves/{wave}/summary"))["release"]
    again = run(api, [*JOB, "--out", str(out)])
    assert (again.returncode, again.stdout) == (0, "")
    late = released(api)
    third = run(api, [*JOB, "--out", str(out), "--format", "csv"])
    assert [line.split()[1:3] for line in third.stdout.splitlines() if late in line and "/" not in line] == [
        [late, "opened"], [late, "closed"], [late, "released"]
    ]  # fmt: skip
    assert {path.name for path in out.glob("*.csv")} == {f"{late}-1.csv"}
    assert not list(out.glob(".*"))


def test_a_job_that_was_stopped_goes_on_where_it_was(api: Api, tmp_path: Path) -> None:
    wave = released(api)
    assert run(api, [*JOB, "--out", str(tmp_path), "--format", "csv"]).returncode == 0
    events = [e for e in must(api.admin.get("/v1/changes?limit=1000"))["items"] if e["wave"] == wave]
    (tmp_path / "state.json").write_text(json.dumps({"after": events[1]["id"]}))  # before it was released
    file = tmp_path / f"{wave}-1.csv"
    whole = file.read_bytes()
    file.write_bytes(b"half of it")
    assert str(file) in run(api, [*JOB, "--out", str(tmp_path), "--format", "csv"]).stdout
    assert file.read_bytes() == whole


@pytest.mark.parametrize("limits", [{"schools": ["erving"]}, {"groups": ["family"]}, {"audience": "principal"}])
def test_the_job_with_keys_that_read_less(api: Api, tmp_path: Path, limits: dict[str, Any]) -> None:
    wave = released(api)
    key = api.secret("reporter", **limits)
    done = run(api, [*JOB, "--out", str(tmp_path), "--format", "csv"], key=key)
    assert done.returncode == 0, done.stderr
    with httpx.Client(base_url=api.base, headers={"Authorization": f"Bearer {key}"}) as client:
        expected = client.get(f"/v1/waves/{wave}/summary?format=csv").content
    assert (tmp_path / f"{wave}-1.csv").read_bytes() == expected


def test_the_job_says_what_is_wrong(api: Api, tmp_path: Path) -> None:
    done = run(api, [*JOB, "--out", str(tmp_path)], key="snd_wrong")
    assert done.returncode == 1
    assert "/problems/unauthorized" in done.stderr
    assert not (tmp_path / "state.json").exists()


# ------------------------------------------------------------------ the receiver of webhooks
def test_the_receiver_believes_what_is_signed(api: Api) -> None:
    receiver = EXAMPLES / "webhook_receiver.py"
    with httpx.Client() as client:
        port = _free_port()  # the address is told before the receiver runs, which needs the secret
        made = must(api.admin.post("/v1/webhooks", json={"url": f"http://127.0.0.1:{port}/hook"}), 201)
        environment = {"PATH": os.environ["PATH"], "SOUNDINGS_WEBHOOK_SECRET": made["secret"]}
        process = subprocess.Popen(
            [sys.executable, str(receiver), "--port", str(port)], env=environment, stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == f"listening on port {port}\n"
            wave = api.wave()
            assert process.stdout.readline() == f"wave.opened {wave} None\n"
            listing = f"/v1/webhooks/{made['id']}/deliveries"
            until(lambda: [d["status"] for d in must(api.admin.get(listing))["items"]] == ["delivered"])
            address = f"http://127.0.0.1:{port}/hook"
            for body, headers in ((b"{}", {}), (b"", {}), (b"{}", _signed("whsec_" + "A" * 44, b"{}"))):
                assert client.post(address, content=body, headers=headers).status_code in (401, 413)
            assert client.post(address, content=b"x" * 100_000).status_code == 413
            sent = must(api.admin.get(listing))["items"][0]["id"]
            must(api.admin.post(f"{listing}/{sent}/repeat"), 202)  # told twice, printed once
            must(api.admin.post(f"/v1/waves/{wave}/close"))
            assert process.stdout.readline() == f"wave.closed {wave} None\n"
        finally:
            process.kill()
            process.communicate()
    must(api.admin.delete(f"/v1/webhooks/{made['id']}"), 204)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _signed(secret: str, body: bytes) -> dict[str, str]:
    now = datetime.now(UTC)
    signature = Webhook(secret).sign("msg_1", now, body.decode())
    return {"webhook-id": "msg_1", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}


# ------------------------------------------------------------------ what no interpreter here can run
def test_the_workflow_runs_the_job_as_it_is() -> None:
    workflow = yaml.safe_load((EXAMPLES / "report-job.yaml").read_text())
    steps = workflow["jobs"]["fetch"]["steps"]
    (step,) = [s for s in steps if "report_job.py" in s.get("run", "")]
    assert set(step["env"]) == {"SOUNDINGS_URL", "SOUNDINGS_KEY"}
    job = (EXAMPLES / "report_job.py").read_text()
    assert all(name in job for name in step["env"])
    options = re.findall(r"--\w+", step["run"])
    assert options == ["--out", "--format"]
    help_text = subprocess.run([*JOB, "--help"], capture_output=True, text=True, check=True).stdout
    assert all(option in help_text for option in options)
    (install,) = [s["run"] for s in steps if s.get("run", "").startswith("pip install")]
    imported = set(re.findall(r"^import (\w+)$", job, re.MULTILINE))
    assert imported - set(sys.stdlib_module_names) == set(install.removeprefix("pip install ").split())


@pytest.mark.parametrize("name", ["summary.R", "power-query.pq"])
def test_columns_that_the_others_name_are_there(api: Api, name: str) -> None:
    text = (EXAMPLES / name).read_text()
    table = csv.reader(io.StringIO(api.client("reporter").get(f"/v1/waves/{released(api)}/summary?format=csv").text))
    heading = next(table)
    heading[0] = heading[0].removeprefix("\ufeff")
    named = (
        {"wave", "release", "released_at", "simulated", "score", "value"}
        if name.endswith(".pq")
        else set(re.findall(r"(?:figures|rows|found)\$(\w+)", text)) - {"place"}
    )
    assert named, name
    assert named <= set(heading)
    for column in named:
        assert column in text
    assert {row[heading.index("status")] for row in table} <= {"published", "protected"}
    assert text.count("(") == text.count(")")
    assert text.count("{") == text.count("}")
    assert "/summary" in text
    assert "Bearer" in text
