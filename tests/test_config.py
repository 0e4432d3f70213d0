"""Settings: where they come from, what is refused, and the secret that is made once."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from pydantic import ValidationError

from app.config import MINIMUM_SECRET, Settings, SettingsError


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the machine's own is seen."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"SOUNDINGS_{name.upper()}", raising=False)


def test_defaults() -> None:
    settings = Settings()
    assert settings.database_url == "sqlite:///soundings.db"
    assert settings.sqlite_file == Path("soundings.db")
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)
    assert settings.secret is None
    assert settings.cors_origins == ()
    assert settings.access_log is False


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "DATABASE_URL": "postgresql://someone@host/db",
        "HOST": "0.0.0.0",
        "PORT": "9000",
        "WORKERS": "4",
        "SECRET": "s" * MINIMUM_SECRET,
        "CORS_ORIGINS": "https://a.example.org, https://b.example.org,,",
        "ACCESS_LOG": "true",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"SOUNDINGS_{name}", value)
    monkeypatch.setenv("SOUNDINGS_UNKNOWN", "ignored")
    settings = Settings()
    assert settings.database_url == "postgresql+psycopg://someone@host/db"
    assert (settings.host, settings.port, settings.workers) == ("0.0.0.0", 9000, 4)
    assert settings.cors_origins == ("https://a.example.org", "https://b.example.org")
    assert settings.access_log is True
    assert settings.signing_secret() == Settings(secret="s" * MINIMUM_SECRET).signing_secret()


def test_no_origins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOUNDINGS_CORS_ORIGINS", "")
    assert Settings().cors_origins == ()


def test_frozen() -> None:
    settings = Settings()
    with pytest.raises(ValidationError):
        settings.port = 1  # type: ignore[misc]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_name_of_postgres_is_psycopg(scheme: str) -> None:
    settings = Settings(database_url=f"{scheme}://u:p@h:5432/d?host=/tmp/x")
    assert settings.database_url == "postgresql+psycopg://u:p@h:5432/d?host=/tmp/x"
    assert settings.sqlite_file is None


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///file::memory:?uri=true",
        "mysql://h/d",
        "soundings.db",
        "",
    ],
)
def test_refused_addresses(url: str) -> None:
    with pytest.raises(ValidationError):
        Settings(database_url=url)


def test_an_absolute_file() -> None:
    assert Settings(database_url="sqlite:////var/lib/x.db").sqlite_file == Path("/var/lib/x.db")


@pytest.mark.parametrize(("name", "value"), [("port", -1), ("port", 65536), ("workers", 0), ("workers", 257)])
def test_refused_numbers(name: str, value: int) -> None:
    with pytest.raises(ValidationError):
        Settings(**{name: value})  # type: ignore[arg-type]


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValidationError, match=str(MINIMUM_SECRET)):
        Settings(secret="s" * (MINIMUM_SECRET - 1))


# ------------------------------------------------------------------ proxies, addresses, paces
def test_where_requests_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().trusted_proxies == ("127.0.0.1",)
    monkeypatch.setenv("SOUNDINGS_TRUSTED_PROXIES", "10.0.0.5, 10.1.0.0/16,::1")
    assert Settings().trusted_proxies == ("10.0.0.5", "10.1.0.0/16", "::1")
    monkeypatch.setenv("SOUNDINGS_TRUSTED_PROXIES", "")
    assert Settings().trusted_proxies == ()
    for wrong in ("proxy.example.org", "10.0.0.0/33", "10.0.0.5/16", "*"):
        monkeypatch.setenv("SOUNDINGS_TRUSTED_PROXIES", wrong)
        with pytest.raises(ValidationError, match="no address and no network"):
            Settings()


def test_where_webhooks_may_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().webhook_networks == (), "to public addresses alone"
    monkeypatch.setenv("SOUNDINGS_WEBHOOK_NETWORKS", "10.1.0.0/16, fd00::/8,127.0.0.1")
    assert Settings().webhook_networks == ("10.1.0.0/16", "fd00::/8", "127.0.0.1")
    for wrong in ("true", "hooks.example.org", "10.1.0.5/16"):
        monkeypatch.setenv("SOUNDINGS_WEBHOOK_NETWORKS", wrong)
        with pytest.raises(ValidationError, match="no address and no network"):
            Settings()


@pytest.mark.parametrize(
    "address", ["https://survey.example.org", "http://127.0.0.1:8000", "https://example.org/survey"]
)
def test_the_public_address(address: str) -> None:
    assert Settings(public_url=address).public_url == address
    assert Settings(public_url=address + "/").public_url == address


@pytest.mark.parametrize(
    "address", ["survey.example.org", "ftp://x", "https://", "https://x?y", "https://x/#y", "https://a b"]
)
def test_what_is_no_public_address(address: str) -> None:
    with pytest.raises(ValidationError, match="no address such as"):
        Settings(public_url=address)


@pytest.mark.parametrize("name", ["peer_rate", "key_rate"])
def test_a_pace_is_at_least_one_a_minute(name: str) -> None:
    with pytest.raises(ValidationError):
        Settings(**{name: 0})  # type: ignore[arg-type]


# ------------------------------------------------------------------ the secret
def test_postgres_needs_a_secret() -> None:
    settings = Settings(database_url="postgresql://host/db")
    with pytest.raises(SettingsError, match="SOUNDINGS_SECRET"):
        settings.signing_secret()
    on_postgres = Settings(database_url="postgresql://host/db", secret="s" * 32)
    assert on_postgres.signing_secret() == Settings(secret="s" * 32).signing_secret(), "the database is no part of it"
    assert on_postgres.signing_secret() != Settings(secret="s" * 33).signing_secret()


def test_sqlite_makes_and_keeps_one(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'x.db'}")
    secret = settings.signing_secret()
    assert len(secret) == 64
    kept = tmp_path / "x.db.secret"
    assert kept.read_bytes() == secret
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert settings.signing_secret() == secret
    assert Settings(database_url=settings.database_url).signing_secret() == secret
    assert list(tmp_path.iterdir()) == [kept], "no draft is left"
    other = Settings(database_url=f"sqlite:///{tmp_path / 'y.db'}")
    assert other.signing_secret() != secret


def test_a_given_secret_makes_no_file(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'x.db'}"
    found = {Settings(database_url=address, secret=letter * 20).signing_secret() for letter in "sstt"}
    assert len(found) == 2
    assert all(len(secret) >= MINIMUM_SECRET for secret in found)
    assert list(tmp_path.iterdir()) == []


def test_a_line_end_in_the_file_is_no_part_of_the_secret(tmp_path: Path) -> None:
    (tmp_path / "x.db.secret").write_text("written-by-hand-0123456789\n", encoding="utf-8")
    assert Settings(database_url=f"sqlite:///{tmp_path / 'x.db'}").signing_secret() == b"written-by-hand-0123456789"


def test_makers_at_once_agree(tmp_path: Path) -> None:
    for attempt in range(5):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        settings = Settings(database_url=f"sqlite:///{folder / 'x.db'}")
        start = Barrier(8)

        def make(settings: Settings = settings, start: Barrier = start) -> bytes:
            start.wait()
            return settings.signing_secret()

        with ThreadPoolExecutor(8) as pool:
            found = [future.result() for future in [pool.submit(make) for _ in range(8)]]
        assert len(set(found)) == 1
        assert [p.name for p in folder.iterdir()] == ["x.db.secret"]


@pytest.mark.parametrize("content", ["", "\n", "short"])
def test_a_secret_file_that_is_too_short_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.db.secret").write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError):
        Settings(database_url=f"sqlite:///{tmp_path / 'x.db'}").signing_secret()
