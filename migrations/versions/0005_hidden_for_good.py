"""Schools that participation has hidden stay hidden, whatever roster comes later."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("wave", sa.Column("kept_hidden", sa.JSON, nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("wave", "kept_hidden")
