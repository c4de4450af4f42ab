"""Tables of accounts, sessions, tokens and used quotas. No secret stands in any of them."""

from __future__ import annotations

from sqlalchemy import (
    CHAR,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    String,
    Table,
    Text,
)

from tumorscope.serve.database.tables import METADATA


def _when(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


ACCOUNTS = Table(
    "accounts",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("password", Text, nullable=True),
    Column("issuer_subject", String(512), nullable=True, unique=True),
    Column("disabled", Boolean, nullable=False),
    _when("created"),
    _when("password_changed", nullable=True),
)
"""`password` is an argon2id hash; null for accounts that sign in elsewhere or never."""

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("secret_sha256", CHAR(64), primary_key=True),
    Column(
        "account_id", String(36), ForeignKey("accounts.id"), nullable=False, index=True
    ),
    _when("created"),
    _when("seen"),
)

TOKENS = Table(
    "api_tokens",
    METADATA,
    Column("prefix", String(16), primary_key=True),
    Column("secret_sha256", CHAR(64), nullable=False),
    Column(
        "account_id", String(36), ForeignKey("accounts.id"), nullable=False, index=True
    ),
    Column("label", String(64), nullable=False),
    Column("scopes", String(128), nullable=False),
    _when("created"),
    _when("expires"),
    _when("revoked", nullable=True),
    _when("used", nullable=True),
)

UPLOAD_USE = Table(
    "upload_use",
    METADATA,
    Column("day", CHAR(10), primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
)
"""Bytes taken from all accounts of the site on a day (UTC)."""
