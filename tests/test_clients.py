"""The typed clients: made from the committed document, their types hold, and they go from a wave to its summary."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import app
from tests import clients
from tests.js.node import HERE as JS
from tests.js.node import ready
from tests.server import Api

EXAMPLES = clients.ROOT / "examples"
SAID = ["A rehearsal, release 1, simulated",
        "Welcome, family, erving: 75% favorable, n = 12",
        "Welcome, family, all schools: 75% favorable, n = 12"]  # fmt: skip


def run(*command: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, command)), cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300
    )


def said(api: Api, *command: object, cwd: Path, **environment: str) -> list[str]:
    """What an example prints of a new wave of this server."""
    reach = {"SOUNDINGS_URL": api.base, "SOUNDINGS_KEY": api.secret("admin")}
    done = run(*command, api.name("typed"), cwd=cwd, **reach, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


# ------------------------------------------------------------------ Python
@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clients.python(tmp_path_factory.mktemp("clients") / "python")


def typed(package: Path, file: Path) -> subprocess.CompletedProcess[str]:
    """What mypy says of a use of the client; how the generated code itself is typed is its maker's affair."""
    return run(
        sys.executable, "-m", "mypy", "--strict", "--config-file=", "--follow-imports=silent", file,
        cwd=package, MYPYPATH=str(package),
    )  # fmt: skip


def test_the_package_has_the_version_of_the_program(package: Path) -> None:
    assert f'name = "soundings-client"\nversion = "{app.__version__}"' in (package / "pyproject.toml").read_text()
    assert (package / "soundings_client" / "py.typed").exists()


def test_the_types_of_python_hold(package: Path) -> None:
    checked = typed(package, EXAMPLES / "typed_client.py")
    assert checked.returncode == 0, checked.stdout


def test_a_withheld_cell_has_no_number_in_python(package: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text("from soundings_client.models import ItemOut\n\n\n"
                     "def n(item: ItemOut) -> int:\n    return item.cells[0].n\n")  # fmt: skip
    checked = typed(package, wrong)
    assert '"ProtectedCell"' in checked.stdout
    assert 'has no attribute "n"' in checked.stdout


def test_from_a_wave_to_its_summary_in_python(package: Path, api: Api) -> None:
    assert said(api, sys.executable, EXAMPLES / "typed_client.py", cwd=package, PYTHONPATH=str(package)) == SAID


# ------------------------------------------------------------------ TypeScript
@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `soundings-client` and what it needs are installed."""
    ready()
    folder = tmp_path_factory.mktemp("clients")
    clients.typescript(folder / "node_modules" / "soundings-client")
    for needed in ("openapi-fetch", "openapi-typescript-helpers"):
        (folder / "node_modules" / needed).symlink_to(JS / "node_modules" / needed)
    (folder / "package.json").write_text('{"type": "module"}')
    return folder


def compiled(module: Path, name: str, source: str) -> subprocess.CompletedProcess[str]:
    """Compile a use of the client, strictly, to `out/`."""
    (module / f"{name}.ts").write_text(source, encoding="utf-8")
    options = {
        "strict": True, "noUncheckedIndexedAccess": True, "noEmitOnError": True, "target": "es2022", "module": "es2022",
        "moduleResolution": "bundler", "lib": ["es2022", "dom", "dom.iterable"], "types": [], "outDir": "out",
    }  # fmt: skip
    (module / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": [f"{name}.ts"]}))
    return run(ready(), JS / "node_modules" / "typescript" / "bin" / "tsc", cwd=module)


@pytest.fixture(scope="module")
def program(module: Path) -> Path:
    """The example, compiled."""
    checked = compiled(module, "example", (EXAMPLES / "typed-client.ts").read_text(encoding="utf-8"))
    assert checked.returncode == 0, checked.stdout
    return module / "out" / "example.js"


@pytest.mark.browser
def test_from_a_wave_to_its_summary_in_typescript(program: Path, api: Api) -> None:
    assert said(api, ready(), program, cwd=program.parent.parent) == SAID


WRONG = {
    '(item: Document["ItemOut"]): number => item.cells[0]!.n': "Property 'n' does not exist",
    '(wave: Document["WaveOut"]): string => wave.titel': "Property 'titel' does not exist",
    '() => soundings("", "").GET("/v1/waves/{wave}/summary", {})': "is not assignable to parameter of type",
}


@pytest.mark.browser
def test_what_is_wrong_is_found_in_typescript(module: Path) -> None:
    uses = [f"export const use{number} = {use};\n" for number, use in enumerate(WRONG)]
    checked = compiled(
        module, "wrong", 'import { soundings, type Document } from "soundings-client";\n' + "".join(uses)
    )
    assert checked.returncode != 0
    for line, says in enumerate(WRONG.values(), 2):
        assert any(f"wrong.ts({line}," in told and says in told for told in checked.stdout.splitlines()), says
