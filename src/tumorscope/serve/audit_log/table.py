"""The table of the audit log: numbers without gaps, canonical JSON, seals."""

from __future__ import annotations

from sqlalchemy import CHAR, BigInteger, Column, Integer, MetaData, Table, Text

METADATA = MetaData()

RECORDS = Table(
    "audit_records",
    METADATA,
    Column(
        "number",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("body", Text, nullable=False),
    Column("seal", CHAR(64), nullable=False),
)

ONLY_GROWS_SQLITE = tuple(
    f"CREATE TRIGGER audit_records_no_{word} BEFORE {word.upper()} ON audit_records "
    "BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END"
    for word in ("update", "delete")
)
ONLY_GROWS_POSTGRESQL = (
    "CREATE FUNCTION audit_records_only_grow() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN RAISE EXCEPTION 'the audit log only grows'; END $$",
    "CREATE TRIGGER audit_records_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON "
    "audit_records FOR EACH STATEMENT EXECUTE FUNCTION audit_records_only_grow()",
)
"""They stop accidents and careless programs; who owns the database can drop them, and is
found out by the seals."""
