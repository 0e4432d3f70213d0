"""After the close: what has become of a wave's rows, and a promise that the database itself will not loosen."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# How much an audience sees, so that two promises can be compared. In words: `app/survey/promise.py`, `looser`.
FINENESS = "CASE {0} WHEN 'exact' THEN 2 WHEN 'banded' THEN 1 ELSE 0 END"


def is_looser(old: str, new: str) -> str:
    """The condition that of two promises to one group the new one is looser in any respect."""
    finer = [
        f"{FINENESS.format(new.format(audience))} > {FINENESS.format(old.format(audience))}"
        for audience in ("director", "principal", "public")
    ]
    return f"""{old.format("mode")} = 'confidential' AND (
        coalesce({new.format("mode")}, 'attributed') = 'attributed'
        OR CAST({new.format("minimum")} AS INTEGER) < CAST({old.format("minimum")} AS INTEGER)
        OR {" OR ".join(finer)})"""


SQLITE = f"""
CREATE TRIGGER promise_only_stricter BEFORE UPDATE OF promise ON wave
WHEN (OLD.closed_at IS NOT NULL OR OLD.opens_at <= strftime('%Y-%m-%d %H:%M:%f000', 'now')) AND EXISTS (
    SELECT 1 FROM json_each(OLD.promise) AS o LEFT JOIN json_each(NEW.promise) AS n ON n.key = o.key
    WHERE {is_looser("json_extract(o.value, '$.{0}')", "json_extract(n.value, '$.{0}')")}
) BEGIN SELECT RAISE(ABORT, 'a promise can only become stricter'); END
"""
POSTGRESQL = f"""
CREATE FUNCTION promise_only_stricter() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF (OLD.closed_at IS NOT NULL OR OLD.opens_at <= clock_timestamp()) AND EXISTS (
        SELECT 1 FROM jsonb_each(OLD.promise::jsonb) AS o LEFT JOIN jsonb_each(NEW.promise::jsonb) AS n ON n.key = o.key
        WHERE {is_looser("(o.value ->> '{0}')", "(n.value ->> '{0}')")}
    ) THEN RAISE EXCEPTION 'a promise can only become stricter'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER promise_only_stricter BEFORE UPDATE OF promise ON wave
FOR EACH ROW EXECUTE FUNCTION promise_only_stricter();
"""


def upgrade() -> None:
    op.add_column("wave", sa.Column("erased", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("wave", sa.Column("rows_removed_on", sa.Date))
    op.execute(sa.text((SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL).replace(":", r"\:")))


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER promise_only_stricter")
    else:
        op.execute("DROP TRIGGER promise_only_stricter ON wave")
        op.execute("DROP FUNCTION promise_only_stricter()")
    op.drop_column("wave", "rows_removed_on")
    op.drop_column("wave", "erased")
