"""What happened to waves, in an order that nobody can miss a part of, and the addresses that are told of it."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
NOW = {"sqlite": "strftime('%Y-%m-%d %H:%M:%f000', 'now')", "postgresql": "clock_timestamp()"}
STANDING = """
    SELECT opens_at AS at, 1 AS step, 'opened' AS kind, key AS wave, 0 AS release FROM wave WHERE opens_at <= {now}
    UNION ALL SELECT closed_at, 2, 'closed', key, 0 FROM wave WHERE closed_at IS NOT NULL
    UNION ALL SELECT released_at, 3, 'released', wave, number FROM release
    ORDER BY at, wave, step, release
"""


def upgrade() -> None:
    change_event = op.create_table(
        "change_event",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("wave", sa.String(64), sa.ForeignKey("wave.key"), nullable=False),
        sa.Column("release", sa.Integer, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.UniqueConstraint("wave", "kind", "release"),
    )
    op.create_table(
        "webhook",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("events", sa.JSON),
        sa.Column("waves", sa.JSON),
        sa.Column("description", sa.String(200)),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_delivered_at", INSTANT),
        sa.Column("disabled_at", INSTANT),
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.String(48), primary_key=True),
        sa.Column("webhook", sa.String(32), sa.ForeignKey("webhook.id", ondelete="CASCADE"), nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("queued_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("attempts_left", sa.Integer, nullable=False),
        sa.Column("attempted_at", INSTANT),
        sa.Column("status_code", sa.Integer),
        sa.Column("error", sa.String(32)),
    )
    op.create_index("ix_webhook_delivery_webhook", "webhook_delivery", ["webhook"])
    op.create_index("ix_webhook_delivery_due_at", "webhook_delivery", ["due_at"])
    _note_what_stands(change_event)


def _note_what_stands(change_event: sa.Table) -> None:
    """Give the waves that are there their events, in the order of time."""
    connection = op.get_bind()
    query = sa.text(STANDING.format(now=NOW[connection.dialect.name]))
    events = connection.execute(query.columns(at=INSTANT)).mappings().all()
    rows = [
        {"number": number, "id": secrets.token_hex(12), **{k: v for k, v in event.items() if k != "step"}}
        for number, event in enumerate(events, 1)
    ]
    if rows:
        op.bulk_insert(change_event, rows)


def downgrade() -> None:
    op.drop_table("webhook_delivery")
    op.drop_table("webhook")
    op.drop_table("change_event")
