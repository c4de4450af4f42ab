"""Accounts, sessions, tokens, used quotas, and the audit log that only grows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ONLY_GROWS = {
    "sqlite": tuple(
        f"CREATE TRIGGER audit_records_no_{word} BEFORE {word.upper()} ON audit_records "
        "BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END"
        for word in ("update", "delete")
    ),
    "postgresql": (
        "CREATE FUNCTION audit_records_only_grow() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log only grows'; END $$",
        "CREATE TRIGGER audit_records_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON "
        "audit_records FOR EACH STATEMENT EXECUTE FUNCTION audit_records_only_grow()",
    ),
}
# They stop accidents. Who owns the database can drop them, and the seals tell of it.


def upgrade() -> None:
    """Make the tables."""
    time = sa.DateTime(timezone=True)
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("issuer_subject", sa.String(length=512), nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created", time, nullable=False),
        sa.Column("password_changed", time, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("name", name=op.f("uq_accounts_name")),
        sa.UniqueConstraint("issuer_subject", name=op.f("uq_accounts_issuer_subject")),
    )
    op.create_table(
        "sessions",
        sa.Column("secret_sha256", sa.CHAR(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("created", time, nullable=False),
        sa.Column("seen", time, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_sessions_account_id")
        ),
        sa.PrimaryKeyConstraint("secret_sha256", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_account_id", "sessions", ["account_id"], unique=False)
    op.create_table(
        "api_tokens",
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("secret_sha256", sa.CHAR(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("label", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.String(length=128), nullable=False),
        sa.Column("created", time, nullable=False),
        sa.Column("expires", time, nullable=False),
        sa.Column("revoked", time, nullable=True),
        sa.Column("used", time, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_api_tokens_account_id")
        ),
        sa.PrimaryKeyConstraint("prefix", name=op.f("pk_api_tokens")),
    )
    op.create_index(
        "ix_api_tokens_account_id", "api_tokens", ["account_id"], unique=False
    )
    op.create_table(
        "upload_use",
        sa.Column("day", sa.CHAR(length=10), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_upload_use")),
    )
    op.create_table(
        "audit_records",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("seal", sa.CHAR(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_records")),
    )
    for statement in _ONLY_GROWS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Remove the tables, and with them the log."""
    for table in ("audit_records", "upload_use", "api_tokens", "sessions", "accounts"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_records_only_grow()")
