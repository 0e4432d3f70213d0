"""A report job: follow what happens to waves, and fetch the figures of every release once.

    pip install httpx orjson
    SOUNDINGS_URL=https://survey.example.org SOUNDINGS_KEY=snd_... python report_job.py --out reports

Run it as often as you like, from cron for example. Where it goes on is kept in `state.json` in the folder, and is moved
only after a release has been fetched: if the job is stopped, the next run fetches that release again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson

TRIES = 5
PASSING = {408, 429, 500, 502, 503, 504}


def get(client: httpx.Client, path: str, **query: Any) -> httpx.Response:
    """Ask, and ask again after a while when the server or the network cannot at the moment."""
    for tries in range(1, TRIES + 1):
        try:
            reply = client.get(path, params=query)
        except httpx.TransportError:
            if tries == TRIES:
                raise
            time.sleep(2**tries)
            continue
        if reply.status_code not in PASSING or tries == TRIES:
            break
        time.sleep(min(int(reply.headers.get("Retry-After", 2**tries)), 60))
    if reply.is_error:
        sys.exit(f"{path}: {reply.status_code} {reply.text}")  # a problem document says what is wrong
    return reply


def changes(client: httpx.Client, place: str) -> Iterator[dict[str, Any]]:
    """Give what happened after a place, page by page until nothing is left."""
    while items := get(client, "/v1/changes", after=place).json()["items"]:
        yield from items
        place = items[-1]["id"]


def verified(reply: httpx.Response) -> bytes:
    """Give a body that arrived as it was sent: an ETag is the SHA-256 of the bytes."""
    if reply.headers["ETag"].strip('"') != hashlib.sha256(reply.content).hexdigest():
        sys.exit(f"{reply.url.path}: damaged on its way")
    return reply.content


def fetch(client: httpx.Client, wave: str, number: int, form: str, whole: bool, folder: Path) -> Path:
    """Fetch the figures of a release, and beside them a note of what they are."""
    summary = f"/v1/waves/{wave}/summary"
    document = orjson.loads(verified(get(client, summary, release=number)))
    release = document.pop("release")
    if whole:  # the digest is that of the whole document; a key with limits is given a part of it
        canonical = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
        if release["digest"] != "sha256:" + hashlib.sha256(canonical).hexdigest():
            sys.exit(f"{summary}: not the document that was released")
    file = folder / f"{wave}-{number}.{form}"
    write(file, verified(get(client, summary, release=number, format=form)))
    note = {"wave": wave, "title": document.get("title"), "simulated": document["simulated"], "release": release}
    write(file.with_suffix(".json"), orjson.dumps(note, option=orjson.OPT_INDENT_2))
    return file


def write(file: Path, content: bytes) -> None:
    """Write a file so that it is there in full or not at all."""
    draft = file.with_name(f".{file.name}.draft")
    draft.write_bytes(content)
    draft.replace(file)


def main() -> None:
    parser = argparse.ArgumentParser(description="Fetch the figures of every new release.")
    parser.add_argument("--out", type=Path, default=Path("reports"), help="folder for files and state")
    parser.add_argument("--format", choices=("parquet", "csv", "xlsx", "arrow"), default="parquet")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    state = asked.out / "state.json"
    place = json.loads(state.read_text())["after"] if state.exists() else "0"
    key = {"Authorization": f"Bearer {os.environ['SOUNDINGS_KEY']}"}
    with httpx.Client(base_url=os.environ["SOUNDINGS_URL"], headers=key, timeout=60) as client:
        me = get(client, "/v1/me").json()
        whole = not (me["schools"] or me["groups"])
        for event in changes(client, place):
            print(event["at"], event["wave"], event["kind"], event["release"] or "")
            if event["kind"] == "released":
                print("  ", fetch(client, event["wave"], event["release"], asked.format, whole, asked.out))
            write(state, json.dumps({"after": event["id"]}).encode())


if __name__ == "__main__":
    main()
