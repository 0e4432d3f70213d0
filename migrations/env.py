"""Alembic's entry: run the scripts on the connection that the program hands over. Never imports `app`."""

from alembic import context

config = context.config
connection = config.attributes.get("connection")
if connection is None:
    raise SystemExit("Migrate with `soundings migrate`: it knows the database from SOUNDINGS_DATABASE_URL.")
context.configure(connection=connection, target_metadata=config.attributes.get("target_metadata"), compare_type=True)
with context.begin_transaction():
    context.run_migrations()
