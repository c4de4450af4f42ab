"""Tables of uploads, studies, jobs, readings and feedback.

Times are seconds since 1970 in UTC; `lease_until` alone counts on the clock of the leases.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Named constraints, so that a later migration can change them on both databases."""
Id = String(36)

UPLOADS = Table(
    "uploads",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("account_id", String(64), nullable=False),
    Column("idempotency_key", String(200)),
    Column("title", Text, nullable=False),
    Column("state", String(16), nullable=False),  # open, completed, expired
    Column("created", Float, nullable=False),
    Column("expires", Float, nullable=False),
    UniqueConstraint("account_id", "idempotency_key"),
)
"""An upload becomes the study of the same id."""

UPLOAD_FILES = Table(
    "upload_files",
    METADATA,
    Column(
        "upload_id", Id, ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("client_name", Text, nullable=False),
    Column("stored_name", String(80), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
)

STUDIES = Table(
    "studies",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("account_id", String(64), nullable=False),
    Column("title", Text, nullable=False),
    Column("patient_key", Text),
    Column("created", Float, nullable=False),
    Column("state", String(16), nullable=False),
    Column("model_id", String(80), nullable=False),
    Column("content_digest", String(64), nullable=False),
    Column("series_count", Integer),
    Column("highest_tumor_probability", Float),
    Column("decision", String(32)),
    Column("error_code", String(64)),
    Column("error_detail", Text),
    Column("result_folder", String(120)),
    Column("shadow_model_id", String(80)),
    Column("shadow_probability", Float),
    Column("shadow_decision", String(32)),
    Index("ix_studies_created", "created", "id"),
    Index("ix_studies_state", "state"),
    Index("ix_studies_patient_key", "patient_key"),
)
"""A study's row holds no name or identifier of a patient but the key that its sender
gave it."""

JOBS = Table(
    "jobs",
    METADATA,
    Column("id", Id, primary_key=True),
    Column(
        "study_id", Id, ForeignKey("studies.id", ondelete="CASCADE"), nullable=False
    ),
    Column("kind", String(16), nullable=False),
    Column("idempotency_key", String(200), nullable=False, unique=True),
    Column("state", String(16), nullable=False),
    Column("content_digest", String(64), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("owner", String(64)),
    Column("worker", String(64)),
    Column("lease_until", Float),
    Column("lease_epoch", String(64)),
    Column("stage", String(80)),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("cancel_wanted", Boolean, nullable=False),
    Column("created", Float, nullable=False),
    Column("started", Float),
    Column("finished", Float),
    Column("error_code", String(64)),
    Column("error_detail", Text),
    Index("ix_jobs_state", "state", "created"),
    Index("ix_jobs_study_id", "study_id"),
    Index("ix_jobs_worker", "worker"),
)
"""`kind`: screen or shadow; `state`: queued, running, done, failed or canceled."""

CRASHES = Table(
    "crashes",
    METADATA,
    Column("content_digest", String(64), primary_key=True),
    Column("times", Integer, nullable=False),
    Column("last", Float, nullable=False),
)
"""Contents that ended their worker."""

READINGS = Table(
    "readings",
    METADATA,
    Column("id", Id, primary_key=True),
    Column(
        "study_id", Id, ForeignKey("studies.id", ondelete="CASCADE"), nullable=False
    ),
    Column("account_id", String(64), nullable=False),
    Column("opinion", String(16), nullable=False),
    Column("seconds_open", Float, nullable=False),
    Column("agreement", String(16), nullable=False),
    Column("decision", String(32)),
    Column("tumor_probability", Float),
    Column("model_id", String(80), nullable=False),
    Column("reader_first", Boolean, nullable=False),
    Column("created", Float, nullable=False),
    UniqueConstraint("study_id", "account_id"),
)

FEEDBACK = Table(
    "feedback",
    METADATA,
    Column("id", Id, primary_key=True),
    Column(
        "study_id", Id, ForeignKey("studies.id", ondelete="CASCADE"), nullable=False
    ),
    Column("account_id", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("comment", Text, nullable=False),
    Column("marks", JSON, nullable=False),
    Column("created", Float, nullable=False),
    Index("ix_feedback_study_id", "study_id"),
)

COUNTERS = Table(
    "counters",
    METADATA,
    Column("name", String(80), primary_key=True),
    Column("label", String(80), primary_key=True),
    Column("value", Float, nullable=False),
)
"""What is counted over all processes and restarts, for the metrics."""
