"""Settings: read once from `SOUNDINGS_*` environment variables, then frozen.

Decides defaults and what a valid setting is; nothing else in the program reads the environment.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url

MINIMUM_SECRET = 16


class SettingsError(ValueError):
    """A setting that the program cannot start with; the message says what to do."""


class Settings(BaseSettings):
    """All settings. Field `x` is the variable `SOUNDINGS_X`."""

    model_config = SettingsConfigDict(env_prefix="SOUNDINGS_", frozen=True, extra="ignore")

    database_url: str = "sqlite:///soundings.db"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    workers: Annotated[int, Field(ge=1, le=256)] = 1
    secret: str | None = None
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    access_log: bool = False
    public_url: str | None = None
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ("127.0.0.1",)
    peer_rate: Annotated[int, Field(ge=1, le=1_000_000)] = 60
    key_rate: Annotated[int, Field(ge=1, le=1_000_000)] = 1200
    retention_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    webhook_networks: Annotated[tuple[str, ...], NoDecode] = ()

    @field_validator("database_url")
    @classmethod
    def _driver(cls, value: str) -> str:
        for scheme in ("postgresql://", "postgres://"):
            if value.startswith(scheme):
                value = "postgresql+psycopg://" + value.removeprefix(scheme)
        if not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("use sqlite:///path/to/file.db or postgresql://user@host/database")
        if value == "sqlite:///" or ":memory:" in value:
            raise ValueError("an SQLite database must be a file: what was acknowledged has to survive a restart")
        return value

    @field_validator("cors_origins", "trusted_proxies", "webhook_networks", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("trusted_proxies", "webhook_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            try:
                ip_network(one)
            except ValueError:
                raise ValueError(f"{one} is no address and no network, such as 10.0.0.5 or 10.0.0.0/24") from None
        return value

    @field_validator("public_url")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value):
            raise ValueError("this is no address such as https://survey.example.org")
        return value and value.rstrip("/")

    @model_validator(mode="after")
    def _secret_is_long_enough(self) -> Settings:
        if self.secret is not None and len(self.secret) < MINIMUM_SECRET:
            raise ValueError(f"SOUNDINGS_SECRET needs at least {MINIMUM_SECRET} characters")
        return self

    @property
    def sqlite_file(self) -> Path | None:
        """The SQLite file, or None on PostgreSQL."""
        url = make_url(self.database_url)
        return Path(url.database or "") if url.get_backend_name() == "sqlite" else None

    def signing_secret(self) -> bytes:
        """Give the secret that withdrawal codes are derived from.

        On SQLite one is made and kept beside the database file when none is set; on PostgreSQL it is required, since
        several machines must agree on it.

        Raises
        ------
        SettingsError : on PostgreSQL without SOUNDINGS_SECRET.
        """
        if self.secret is not None:
            return hashlib.sha256(self.secret.encode()).hexdigest().encode()  # 64 bytes, whatever its length
        file = self.sqlite_file
        if file is None:
            raise SettingsError("SOUNDINGS_SECRET is required with PostgreSQL: set it to 32 or more random characters.")
        return _kept_secret(file.with_name(file.name + ".secret"))


def _kept_secret(path: Path) -> bytes:
    """Read the secret file, making it first if it is not there; of several makers at once, one wins."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(secrets.token_hex(32))
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(draft, path)  # fails if another process was first
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    secret = path.read_bytes().strip()
    if len(secret) < MINIMUM_SECRET:
        raise SettingsError(
            f"The secret in {path} has fewer than {MINIMUM_SECRET} characters: restore it from a backup."
        )
    return secret
