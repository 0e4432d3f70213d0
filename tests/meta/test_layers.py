"""The house rules of CONTRIBUTING.md, held by reading the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APP = ROOT / "app"
MODULES: dict[str, ast.Module] = {
    str(path.relative_to(APP)): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(APP.rglob("*.py"))
}
TREES = {name: tree for name, tree in MODULES.items() if tree.body}  # an empty __init__.py says nothing

# What each part may import of the others, beside itself. One direction: no part is above another and below it too.
GROUND = {"errors"}
PURE_SURVEY = GROUND
PURE_ANALYSIS = {"survey"} | PURE_SURVEY
ROADMAP = GROUND
PURE_RENDER = {"analysis", "roadmap", "vega"} | PURE_ANALYSIS
MODELS = {"db", "sqlite", "auth", "config", "analysis"} | PURE_ANALYSIS
SERVICES = {"models", "render"} | MODELS | PURE_RENDER
WEB = {"services"} | SERVICES
ROUTERS = {"web"} | WEB
ALLOWED: dict[str, set[str]] = {
    "__init__": set(),
    "errors": set(),
    "config": {"errors"},
    "auth": {"errors", "config"},
    "sqlite": set(),
    "vega": set(),
    "db": {"errors", "config", "sqlite"},
    "survey": PURE_SURVEY,
    "analysis": PURE_ANALYSIS,
    "roadmap": ROADMAP,
    "render": PURE_RENDER,
    "models": MODELS,
    "services": SERVICES,
    "web": WEB,
    "routers": ROUTERS,
    "scratch": {"console"} | ROUTERS,
    "demo": {"console", "scratch"} | ROUTERS,
    "preview": {"console", "scratch"} | ROUTERS,
    "main": {"__init__", "routers"} | ROUTERS,
    "console": WEB,
    "cli_export": {"console"} | WEB,
    "cli_instruments": {"console", "preview", "scratch"} | ROUTERS,
    "cli_results": {"console"} | WEB,
    "cli_report": {"__init__", "console"} | WEB,
    "cli_store": {"__init__", "console"} | WEB,
    "cli": {"__init__", "main", "demo", "scratch", "preview", "console"}
    | {"cli_export", "cli_instruments", "cli_report", "cli_results", "cli_store"}
    | WEB,
    "__main__": {"cli"},
}
PURE = ("survey", "analysis", "render")


def part(module: str) -> str:
    """The layer of a file: `services/waves.py` -> `services`, `db.py` -> `db`."""
    return module.split("/")[0].removesuffix(".py")


def imports(tree: ast.AST) -> Iterator[tuple[str, str | None]]:
    """Every imported module with the name taken from it, wherever in the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            yield from ((node.module or "", alias.name) for alias in node.names)


def app_modules(tree: ast.AST) -> Iterator[str]:
    """The files of `app` that a tree imports, as keys of MODULES."""
    for module, name in imports(tree):
        if module == "app" or module.startswith("app."):
            base = module.replace(".", "/").removeprefix("app").removeprefix("/")
            for path in (f"{base}/{name}.py".removeprefix("/"), f"{base}.py", f"{base}/__init__.py".removeprefix("/")):
                if path in MODULES:
                    yield path
                    break
            else:
                raise AssertionError(f"{module}.{name} is no file of app")


each = pytest.mark.parametrize("module", list(TREES))
pure = pytest.mark.parametrize("module", [m for m in TREES if part(m) in PURE])


# ------------------------------------------------------------------ arrows
def test_every_part_has_its_place() -> None:
    assert {part(m) for m in TREES} <= set(ALLOWED)
    for name, below in ALLOWED.items():
        for other in below:
            assert name not in ALLOWED[other], f"{name} and {other} stand above each other"


@each
def test_arrows_point_down(module: str) -> None:
    here = part(module)
    for imported in app_modules(TREES[module]):
        there = part(imported)
        assert there == here or there in ALLOWED[here], f"{module} imports {imported}"


def test_no_circles() -> None:
    waiting = {module: {i for i in app_modules(tree) if i != module} for module, tree in MODULES.items()}
    while waiting:
        free = {module for module, needs in waiting.items() if not needs & set(waiting)}
        assert free, f"these import each other in a circle: {sorted(waiting)}"
        waiting = {module: needs for module, needs in waiting.items() if module not in free}


def test_a_noun_is_one_file_a_layer() -> None:
    """Routers and services do not reach into the router of another noun."""
    for module, tree in TREES.items():
        if part(module) == "routers":
            assert not [i for i in app_modules(tree) if part(i) == "routers"], module


# ------------------------------------------------------------------ pure parts
FRAMEWORKS = {"fastapi", "starlette", "sqlmodel", "sqlalchemy", "alembic", "uvicorn", "httpx", "typer", "psycopg"}
WORLD = {
    "time",
    "random",
    "secrets",
    "os",
    "pathlib",
    "io",
    "uuid",
    "socket",
    "subprocess",
    "threading",
    "tempfile",
    "shutil",
}
IN_MEMORY = {("io", "BytesIO"), ("io", "StringIO")}  # a render may write a file that is none


@pure
def test_pure_parts_import_no_framework_and_no_world(module: str) -> None:
    for name, taken in imports(TREES[module]):
        top = name.split(".")[0]
        assert top not in FRAMEWORKS, f"{module} imports {name}"
        if not (part(module) == "render" and (name, taken) in IN_MEMORY):
            assert top not in WORLD, f"{module} imports {name}"
        if top == "datetime":
            assert taken in ("date", "timedelta"), f"{module} imports a clock: {name}.{taken}"


@pure
def test_pure_parts_read_no_clock_no_file_no_dice(module: str) -> None:
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("random", "default_rng", "now", "utcnow", "today", "environ"), (
                f"{module}:{node.lineno}"
            )
            assert node.attr not in ("read_text", "read_bytes", "write_text", "write_bytes", "read_csv"), (
                f"{module}:{node.lineno}"
            )
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("open", "input", "print", "exec", "eval"), f"{module}:{node.lineno}"


# ------------------------------------------------------------------ SQL in its place
SQL_PARTS = {"services", "models", "db", "sqlite"}
HARMLESS = {"Session", "make_url"}  # the type of a dependency, and the reading of an address


@pytest.mark.parametrize("module", [m for m in TREES if part(m) not in SQL_PARTS])
def test_no_sql_elsewhere(module: str) -> None:
    for name, taken in imports(TREES[module]):
        if name.split(".")[0] in ("sqlalchemy", "sqlmodel") and name != "sqlalchemy.exc":
            assert taken in HARMLESS, f"{module} imports {taken} of {name}"
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            forbidden = ("exec_driver_sql", "execute", "executemany", "scalars", "scalar_one")
            assert node.func.attr not in forbidden, f"{module}:{node.lineno} talks to the database"


def test_one_place_commits() -> None:
    found = {
        module
        for module, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "commit"
    }
    assert found == {"db.py"}
    said = {
        module
        for module, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value == "COMMIT"
    }
    assert said == {"services/ledger.py"}, "only the writer's ledger speaks to a driver"


# ------------------------------------------------------------------ kinds of items
def _is_kind(node: ast.expr) -> bool:
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and node.slice.value == "kind"
    return isinstance(node, ast.Attribute) and node.attr == "kind"


@pytest.mark.parametrize("module", [m for m in TREES if m != "survey/items.py"])
def test_nobody_asks_for_a_kind(module: str) -> None:
    for node in ast.walk(TREES[module]):
        asked = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
        asked += [node.subject] if isinstance(node, ast.Match) else []
        assert not any(map(_is_kind, asked)), f"{module}:{getattr(node, 'lineno', '?')} asks for the kind of an item"


# ------------------------------------------------------------------ migrations stand alone
def test_migrations_never_import_app() -> None:
    scripts = sorted((ROOT / "migrations").rglob("*.py"))
    assert len(scripts) >= 2
    for script in scripts:
        for name, _ in imports(ast.parse(script.read_text(encoding="utf-8"))):
            assert name.split(".")[0] != "app", script


# ------------------------------------------------------------------ how it reads
LONGER = {"survey/items.py": 520}  # every kind of item is one class there, so it is as long as there are kinds


@each
def test_a_module_says_what_it_decides(module: str) -> None:
    if module != "__main__.py":
        assert ast.get_docstring(TREES[module]), module


@each
def test_a_module_is_short_enough_to_read(module: str) -> None:
    length = len((APP / module).read_text(encoding="utf-8").splitlines())
    assert length <= LONGER.get(module, 400)
    assert module not in LONGER or length > 400, f"{module} needs no exception any more"


@pytest.mark.parametrize("module", [m for m in TREES if part(m) in ("survey", "analysis")])
def test_public_functions_have_docstrings(module: str) -> None:
    functions = [node for node in TREES[module].body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    assert [f.name for f in functions if not f.name.startswith("_") and not ast.get_docstring(f)] == []
