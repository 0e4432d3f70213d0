"""Access codes: which groups of a wave need one, the unspent codes, and how many were made and spent."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("wave", sa.Column("access", sa.JSON, nullable=False, server_default="{}"))
    op.create_table(
        "access_code",
        sa.Column("wave", sa.String(64), sa.ForeignKey("wave.key", ondelete="CASCADE"), primary_key=True),
        sa.Column("code_hmac", sa.String(64), primary_key=True),
        sa.Column("group", sa.String(16), nullable=False),
        sa.Column("school", sa.String(64), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "access_count",
        sa.Column("wave", sa.String(64), sa.ForeignKey("wave.key", ondelete="CASCADE"), primary_key=True),
        sa.Column("group", sa.String(16), primary_key=True),
        sa.Column("school", sa.String(64), primary_key=True),
        sa.Column("issued", sa.BigInteger, nullable=False),
        sa.Column("spent", sa.BigInteger, nullable=False),
        sa.CheckConstraint("0 <= spent AND spent <= issued", name="spent_of_issued"),
    )


def downgrade() -> None:
    op.drop_table("access_count")
    op.drop_table("access_code")
    op.drop_column("wave", "access")
