"""Comments: what people wrote, where it belongs, and the names that are taken out of it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "comment",
        sa.Column("wave", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("release", sa.Integer, nullable=False),
        sa.Column("group", sa.String(16), nullable=False),
        sa.Column("item", sa.String(64), nullable=False),
        sa.Column("school", sa.String(64)),
        sa.Column("pooled", sa.Boolean, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.ForeignKeyConstraint(["wave", "release"], ["release.wave", "release.number"]),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "comment_pool",
        sa.Column("wave", sa.String(64), sa.ForeignKey("wave.key"), primary_key=True),
        sa.Column("group", sa.String(16), primary_key=True),
        sa.Column("schools", sa.JSON, nullable=False),
    )
    op.create_table(
        "name_list",
        sa.Column("wave", sa.String(64), sa.ForeignKey("wave.key", ondelete="CASCADE"), primary_key=True),
        sa.Column("names", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    for table in ("name_list", "comment_pool", "comment"):
        op.drop_table(table)
