"""The spine: schools, instruments, waves, rosters, responses, releases, keys, audit."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "school",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("district", sa.String(200)),
    )
    op.create_table(
        "instrument_version",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("group", sa.String(16), nullable=False),
        sa.Column("definition", sa.JSON, nullable=False),
        sa.Column("digest", sa.String(71), nullable=False),
    )
    op.create_table(
        "wave",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("simulated", sa.Boolean, nullable=False),
        sa.Column("opens_at", INSTANT, nullable=False),
        sa.Column("closes_at", INSTANT, nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("schools", sa.JSON, nullable=False),
        sa.Column("promise", sa.JSON, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("closed_at", INSTANT),
        sa.Column("closing_counts", sa.JSON),
        sa.Column("roster_source", sa.String(200)),
        sa.Column("roster_unit", sa.String(16)),
    )
    op.create_table(
        "wave_instrument",
        sa.Column("wave", sa.String(64), sa.ForeignKey("wave.key", ondelete="CASCADE"), primary_key=True),
        sa.Column("group", sa.String(16), primary_key=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["key", "version"], ["instrument_version.key", "instrument_version.version"]),
    )
    op.create_table(
        "roster",
        sa.Column("wave", sa.String(64), sa.ForeignKey("wave.key", ondelete="CASCADE"), primary_key=True),
        sa.Column("group", sa.String(16), primary_key=True),
        sa.Column("school", sa.String(64), primary_key=True),
        sa.Column("eligible", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "survey_response",
        sa.Column("wave", sa.String(64), sa.ForeignKey("wave.key"), primary_key=True),
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("group", sa.String(16), nullable=False),
        sa.Column("school", sa.String(64)),
        sa.Column("locale", sa.String(35)),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("open_answers", sa.Text),
        sa.Column("promise_digest", sa.String(32), nullable=False),
        sa.Column("received_on", sa.Date, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "withdrawn_response",
        sa.Column("wave", sa.String(64), sa.ForeignKey("wave.key"), primary_key=True),
        sa.Column("id", sa.String(36), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "release",
        sa.Column("wave", sa.String(64), sa.ForeignKey("wave.key"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("definitions", sa.String(16), nullable=False),
        sa.Column("tallies", sa.LargeBinary, nullable=False),
        sa.Column("released_at", INSTANT, nullable=False),
    )
    op.create_table(
        "release_document",
        sa.Column("wave", sa.String(64), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("audience", sa.String(16), primary_key=True),
        sa.Column("digest", sa.String(71), nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["wave", "number"], ["release.wave", "release.number"]),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("schools", sa.JSON),
        sa.Column("waves", sa.JSON),
        sa.Column("groups", sa.JSON),
        sa.Column("audience", sa.String(16)),
        sa.Column("publishable", sa.Boolean, nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.Column("revoked_at", INSTANT),
    )
    op.create_table(
        "audit_event",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("key_id", sa.String(32)),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
    )
    op.create_index("ix_audit_event_at", "audit_event", ["at"])


def downgrade() -> None:
    for table in (
        "audit_event", "api_key", "release_document", "release", "withdrawn_response", "survey_response",
        "roster", "wave_instrument", "wave", "instrument_version", "school",
    ):  # fmt: skip
        op.drop_table(table)
