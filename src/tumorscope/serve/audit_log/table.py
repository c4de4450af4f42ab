"""The table of the audit log; the migration adds triggers that let it only grow."""

from __future__ import annotations

from sqlalchemy import CHAR, BigInteger, Column, Integer, Table, Text

from tumorscope.serve.database.tables import METADATA

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
