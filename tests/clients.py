"""The typed clients: made from the committed OpenAPI document, as `scripts/clients` makes them.

`python -m tests.clients FOLDER` puts `python/`, a package `soundings_client`, and `typescript/`, a module
`soundings-client`, into the folder. Their version is the document's.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.js.node import HERE as JS
from tests.js.node import ready

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "openapi.json"
CONFIG: dict[str, Any] = {
    "project_name_override": "soundings-client",
    "package_name_override": "soundings_client",
    "content_type_overrides": {"application/x-ndjson": "application/octet-stream"},  # lines are sent as they are
    "post_hooks": [],
}
MODULE = """\
import createClient from "openapi-fetch";

export const soundings = (baseUrl, key) => createClient({ baseUrl, headers: { Authorization: `Bearer ${key}` } });
"""
TYPES = """\
import type { Client } from "openapi-fetch";
import type { components, paths } from "./schema";

/** The documents of the API by name, such as `Document["SummaryOut"]`. */
export type Document = components["schemas"];

/** Make a client of the server at `baseUrl` that sends this key with every request. */
export declare const soundings: (
    baseUrl: string, key: string,
) => Client<paths, "application/json" | "application/problem+json">;
"""


def python(folder: Path) -> Path:
    """Make the Python package; its source is in `soundings_client`."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as aside:
        config = Path(aside) / "config.json"
        config.write_text(json.dumps(CONFIG), encoding="utf-8")
        _run(
            sys.executable, "-m", "openapi_python_client", "generate", "--path", DOCUMENT, "--meta", "uv",
            "--output-path", folder, "--config", config, "--overwrite", "--fail-on-warning",
        )  # fmt: skip
    return folder


def typescript(folder: Path) -> Path:
    """Make the TypeScript module: the types of the document, and a client that is `openapi-fetch` with them."""
    node, locked = ready(), json.loads((JS / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    folder.mkdir(parents=True, exist_ok=True)
    tool = JS / "node_modules" / "openapi-typescript" / "bin" / "cli.js"
    _run(node, tool, DOCUMENT, "--output", folder / "schema.d.ts", "--default-non-nullable=false")
    (folder / "index.js").write_text(MODULE, encoding="utf-8")
    (folder / "index.d.ts").write_text(TYPES, encoding="utf-8")
    about = {
        "name": "soundings-client",
        "version": json.loads(DOCUMENT.read_text(encoding="utf-8"))["info"]["version"],
        "type": "module",
        "exports": {"types": "./index.d.ts", "default": "./index.js"},
        "dependencies": {"openapi-fetch": locked["openapi-fetch"]},
    }
    (folder / "package.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    return folder


def _run(*command: object) -> None:
    made = subprocess.run(list(map(str, command)), cwd=JS, capture_output=True, text=True, timeout=300)
    if made.returncode:
        raise RuntimeError(made.stdout + made.stderr)


def main(folder: Path) -> None:
    print(python(folder / "python"))
    if shutil.which("npm") is None:
        print("No TypeScript client: it needs Node and npm.", file=sys.stderr)
        return
    print(typescript(folder / "typescript"))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
