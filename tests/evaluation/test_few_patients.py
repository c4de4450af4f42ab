"""What is said where too few patients were tested."""

from tumorscope.estimation.intervals import FEWEST_PATIENTS
from tumorscope.evaluation.few_patients import few_patients_limit


def test_a_handful_of_patients_is_warned_of():
    """Below the number that was simulated, the interval is not to be relied on."""
    limit = few_patients_limit(FEWEST_PATIENTS - 1, "patients")

    assert limit is not None
    assert f"{FEWEST_PATIENTS - 1} patients were tested" in limit.text


def test_enough_patients_are_not_warned_of():
    """From that number on the interval may be used."""
    assert few_patients_limit(FEWEST_PATIENTS, "patients") is None
