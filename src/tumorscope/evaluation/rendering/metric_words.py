"""How each figure is named and defined on the page."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricWords:
    """The words for one figure.

    Attributes:
        label: Name on the page.
        definition: What is computed, in one sentence.
    """

    label: str
    definition: str


METRIC_WORDS: MappingProxyType[str, MetricWords] = MappingProxyType(
    {
        "auroc": MetricWords(
            label="AUROC",
            definition=(
                "Share of all pairs of a tumor and a tumor-free slice in which the tumor "
                "slice has the higher tumor_probability; ties count half. 0.5 is chance. "
                "Hanley and McNeil 1982."
            ),
        ),
        "position_matched_auroc": MetricWords(
            label="AUROC, position-matched",
            definition=(
                "AUROC in which only slices of like height in the head are paired (ten "
                "bins with more than 5 slices of each class): what the score knows beyond "
                "the height of a slice."
            ),
        ),
        "within_patient_auroc": MetricWords(
            label="AUROC, mean within patient",
            definition=(
                "AUROC of each patient's own slices, averaged over the patients that have "
                "slices of both classes."
            ),
        ),
        "auroc_without_boundary": MetricWords(
            label="AUROC, without boundary slices",
            definition=(
                "AUROC without the slices whose neighbor in the head has the other label, "
                "where the reference standard itself is least sure."
            ),
        ),
        "average_precision": MetricWords(
            label="Average precision",
            definition=(
                "Mean precision over the tumor slices, from the highest score down. "
                "Chance is the prevalence."
            ),
        ),
        "brier": MetricWords(
            label="Brier score",
            definition=(
                "Mean squared difference between tumor_probability and label; 0 is best. "
                "Brier 1950."
            ),
        ),
        "log_loss": MetricWords(
            label="Log loss",
            definition=(
                "Mean negative logarithm of the probability given to the label, in nats; "
                "0 is best."
            ),
        ),
        "ece": MetricWords(
            label="Calibration error (ECE)",
            definition=(
                "Mean distance between tumor_probability and the share of tumor slices, "
                "over 15 bins of equal width weighted by their slices; 0 is best. Its "
                "interval is biased upwards: judge the value against the null, which is "
                "what perfect calibration would show. Guo et al. 2017; Broecker and "
                "Smith 2007."
            ),
        ),
        "calibration_slope": MetricWords(
            label="Calibration slope",
            definition=(
                "Slope of the logistic regression, without penalty, of the label on the "
                "logit of the probability clipped to [0.0001, 0.9999]; 1 is perfect, below "
                "1 means too extreme. Cox 1958."
            ),
        ),
        "calibration_intercept": MetricWords(
            label="Calibration intercept",
            definition=("Intercept of the same regression, in logits; 0 is perfect."),
        ),
        "sensitivity_at_95_specificity": MetricWords(
            label="Sensitivity at 95 % specificity",
            definition=(
                "Share of tumor slices strictly above t95, the 0.95 quantile (linear "
                "interpolation) of the pooled scores of tested tumor-free slices. t95 is "
                "found anew in each bootstrap draw, so that the interval holds its "
                "uncertainty too. It sums up the ranking and is no operating point. By "
                "lesion size the same t95 is used."
            ),
        ),
        "patients_hit": MetricWords(
            label="Patients hit",
            definition=(
                "Share of the patients with tumor slices of whom at least one tumor slice "
                "is above the threshold. The interval is the exact binomial one over "
                "patients, for the threshold as it is. Clopper and Pearson 1934."
            ),
        ),
        "false_positives_per_patient": MetricWords(
            label="False positives for each patient, median",
            definition=(
                "Median over patients of the number of their tumor-free slices above the "
                "threshold."
            ),
        ),
        "patients_without_false_positive": MetricWords(
            label="Patients without false positive",
            definition=(
                "Share of the patients with tumor-free slices of whom none is above the "
                "threshold."
            ),
        ),
        "net_benefit": MetricWords(
            label="Net benefit",
            definition=(
                "At a threshold t: true positives for each slice, less false positives "
                "for each slice times t / (1 - t). Calling no slice positive has 0. "
                "Vickers and Elkin 2006."
            ),
        ),
        "recall": MetricWords(
            label="Sensitivity (recall)",
            definition="Share of tumor slices above the threshold.",
        ),
        "specificity": MetricWords(
            label="Specificity",
            definition="Share of tumor-free slices that are not above the threshold.",
        ),
        "precision": MetricWords(
            label="Precision (PPV)",
            definition=(
                "Share of the slices above the threshold that have tumor. It depends on "
                "the prevalence of this set."
            ),
        ),
        "npv": MetricWords(
            label="NPV",
            definition=(
                "Share of the slices not above the threshold that are tumor-free. It "
                "depends on the prevalence of this set."
            ),
        ),
        "accuracy": MetricWords(
            label="Accuracy",
            definition=(
                "Share of slices decided as the reference standard says. Always saying "
                "the more frequent class reaches the larger of prevalence and its rest."
            ),
        ),
        "f1": MetricWords(
            label="F1",
            definition="Harmonic mean of precision and sensitivity.",
        ),
        "pointing": MetricWords(
            label="Pointing game",
            definition=(
                "Share of tumor slices in which the highest pixel of the map lies in the "
                "reference mask. Zhang et al. 2018."
            ),
        ),
        "dice": MetricWords(
            label="Dice",
            definition=(
                "Mean over tumor slices of twice the overlap of map and mask, over the "
                "sum of both areas, for the largest connected part of the binary map."
            ),
        ),
    }
)

RANKING_ORDER = (
    "auroc",
    "position_matched_auroc",
    "within_patient_auroc",
    "auroc_without_boundary",
    "average_precision",
    "brier",
    "log_loss",
)
DECISION_ORDER = ("recall", "specificity", "precision", "npv", "accuracy", "f1")


def method_name(name: str) -> str:
    """Return the name of an explanation method on the page."""
    return name.replace("_", " ")


def metric_label(name: str) -> str:
    """Return the name of a figure on the page; an unknown one keeps its own."""
    words = METRIC_WORDS.get(name)
    return words.label if words else name
