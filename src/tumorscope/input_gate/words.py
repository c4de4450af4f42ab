"""The gate of a bundle in a sentence."""

from __future__ import annotations

from tumorscope.domain.gate_spec import GateRules

NO_GATE = "no input gate in this bundle: what is no head MRI is scored all the same"


def describe_gate(rules: GateRules | None, unit: str) -> str:
    """Return what the gate was fitted on and what it flags, or that there is none.

    Args:
        rules: From the card.
        unit: What its counts of patients count, e.g. "patients".
    """
    if rules is None:
        return NO_GATE
    words = (
        f"input gate: fixed checks, and the distance to {rules.train_slices} training "
        f"slices of {rules.train_patients} {unit}; it was fixed to flag "
        f"{100 * rules.flag_share:.3g} % of {rules.tune_slices} tuning slices of "
        f"{rules.tune_patients} {unit}"
    )
    if rules.refuse_distance is None:
        words += "; these are too few for refusing by distance"
    for names, how in ((rules.lenient, "flag only"), (rules.silent, "are left out")):
        if names:
            words += f"; checks that training slices fail too {how}: {', '.join(names)}"
    return words
