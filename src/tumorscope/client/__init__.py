"""A client of the service: hand studies in, wait, and read results.

with Client("http://127.0.0.1:8080") as client:
    study = client.screen([Path("study.zip")])
    print(study.decision, study.highest_tumor_probability)
"""

from tumorscope.client.answers import (
    Job,
    SeriesAnswer,
    ServiceError,
    SliceAnswer,
    Study,
)
from tumorscope.client.connection import Client

__all__ = ["Client", "Job", "SeriesAnswer", "ServiceError", "SliceAnswer", "Study"]
