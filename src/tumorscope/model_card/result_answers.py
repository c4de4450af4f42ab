"""What a run says of its testing, for items of reporting checklists."""

from __future__ import annotations

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.model_card.checklist import Answer, answered, partly, unanswered
from tumorscope.model_card.limits import card_limits
from tumorscope.model_card.maps import randomization_figures
from tumorscope.model_card.results import report_figures
from tumorscope.model_card.source import CardSource
from tumorscope.pages.numbers import format_estimate

NOT_TESTED = "the model was not tested: run `tumorscope evaluate RUN`"
REPORT = "report.html"
CARD_FIGURES = "model card, Figures"
_DECISIONS = ("Sensitivity", "Specificity", "Precision")


def metrics(source: CardSource) -> Answer:
    """Name the metrics of the report."""
    if source.report is None:
        return unanswered(NOT_TESTED)
    names = ", ".join(label for label, _ in report_figures(source.report))
    utility = (
        " Net benefit is in the report." if "decision_curve" in source.report else ""
    )
    return answered(
        f"{names}; calibration error, Brier score.{utility}",
        f"{REPORT}, How the numbers are defined",
    )


def uncertainty(source: CardSource) -> Answer:
    """Say how intervals were made."""
    if source.report is None:
        return unanswered(NOT_TESTED)
    spec = source.report["spec"]
    return answered(
        f"{spec['level']:.0%} intervals from {spec['bootstrap_draws']} bootstrap draws of "
        f"{source.report['resampled']}, never of slices; they do not cover another split, "
        "seed or hospital.",
        f"{REPORT}, How the numbers are defined",
    )


def robustness(source: CardSource) -> Answer:
    """Point to robustness, or say that it was not measured."""
    if source.robustness is None:
        return unanswered("not measured: run `tumorscope robustness RUN`")
    return answered("Damaged images at several severities.", "model card, Robustness")


def explanation(source: CardSource) -> Answer:
    """Say which maps were scored, and whether they were checked."""
    scores = source.explanations.get("localization", {})
    methods = [each["method"] for each in scores.get("methods", ())]
    if not methods:
        reason = scores.get("reason") or "not measured: run `tumorscope explain RUN`"
        return unanswered(str(reason))
    text = f"Maps of {', '.join(methods)}, scored against lesion masks."
    if not randomization_figures(source):
        return partly(
            f"{text} No weight-randomization check: not to be trusted.",
            "model card, Explanations",
        )
    return answered(
        f"{text} Weight-randomization check done.", "model card, Explanations"
    )


def internal(source: CardSource) -> Answer:
    """Describe internal testing."""
    report = source.report
    if report is None:
        return unanswered(NOT_TESTED)
    protocols = ", ".join(source.protocols) or "none"
    return answered(
        f"{report['testing']}, {report['grouping_words']}: {report['n_slices']} slices of "
        f"{report['n_patients']} {report['unit']}. Protocols with repeated folds: "
        f"{protocols}.",
        CARD_FIGURES,
    )


def external(source: CardSource) -> Answer:
    """Describe external testing, or say that there was none."""
    if not source.externals:
        return unanswered(
            "no external testing: run `tumorscope evaluate RUN --manifest OTHER_SET`"
        )
    found = "; ".join(
        f"{name}: {report['n_slices']} slices of {report['n_patients']} {report['unit']}"
        for name, report in source.externals.items()
    )
    return answered(f"{found}.", CARD_FIGURES)


def performance(source: CardSource) -> Answer:
    """Repeat AUROC and decisions with their intervals."""
    found = report_figures(source.report)
    if not found:
        return unanswered(NOT_TESTED)
    return answered(_listed(found), f"{CARD_FIGURES}; {REPORT}")


def diagnostic(source: CardSource) -> Answer:
    """Repeat sensitivity and specificity, which are of slices."""
    found = [
        each for each in report_figures(source.report) if each[0].startswith(_DECISIONS)
    ]
    if not found:
        return unanswered(NOT_TESTED)
    return partly(
        f"{_listed(found)} For slices; nothing was estimated for the diagnosis of a "
        "patient.",
        f"{CARD_FIGURES}; {REPORT}",
    )


def group_performance(source: CardSource) -> Answer:
    """Add groups of patients to the performance."""
    found = performance(source)
    if found.status == "unanswered" or source.fairness is not None:
        return found
    return partly(
        f"{found.text} Key groups: not measured, run `tumorscope fairness RUN`.",
        found.place,
    )


def clusters(source: CardSource) -> Answer:
    """Give the AUROC of each site."""
    sites = source.report["by_site"] if source.report else ()
    if not sites:
        return unanswered("no `site` with figures in the run")
    counts = ", ".join(f"{each['name']} ({each['n_patients']})" for each in sites)
    return answered(
        f"Figures by site (patients): {counts}; a site with a single patient cannot be "
        "assessed.",
        "model card, Groups of patients",
    )


def cluster_methods(source: CardSource) -> Answer:
    """Say how sites enter the intervals and protocols."""
    if source.report is None:
        return unanswered(NOT_TESTED)
    text = f"Bootstrap of {source.report['resampled']}."
    if "leave-site-out" in source.protocols:
        return answered(f"{text} Each site was left out once.", CARD_FIGURES)
    return partly(f"{text} Sites were not left out in turn.", CARD_FIGURES)


def failures(source: CardSource) -> Answer:
    """Point to the gallery of the worst errors."""
    report = source.report
    if report is None:
        return unanswered(NOT_TESTED)
    wrong = report["at_tuned"].get("confusion") or {}
    counts = ", ".join(
        f"{wrong[key]} {words}"
        for key, words in (
            ("false_positive", "slices without tumor above the threshold"),
            ("false_negative", "slices with tumor not above it"),
        )
        if key in wrong
    )
    return partly(
        f"{counts or 'counts are not in the report'}; the most confident ones are shown. "
        "Why they failed is for the authors.",
        f"{REPORT}, Worst errors",
    )


def limitations(source: CardSource) -> Answer:
    """Count the limits on the card; those of the study are for the authors."""
    leads = "; ".join(dict.fromkeys(limit.lead for limit in card_limits(source)))
    return partly(
        f"{leads}. Others are for the authors.", "model card, first paragraphs"
    )


def fairness(source: CardSource) -> Answer:
    """Say which groups were compared, and whether anything was mitigated."""
    if source.fairness is None:
        return unanswered("not measured: run `tumorscope fairness RUN`")
    report = source.fairness["report"]
    compared = [each["name"] for each in report["attributes"] if not each["reason"]]
    unknown = [each["name"] for each in report["attributes"] if each["reason"]]
    answer = answered if compared else partly
    return answer(
        f"Compared: {', '.join(compared) or 'none'}; cannot be assessed: "
        f"{', '.join(unknown) or 'none'}. Gaps beside their null, Holm's correction over "
        f"{report['n_tests']} tests. Mitigation in training: {source.card.train.mitigation}.",
        "model card, Groups of patients; fairness.html",
    )


def data_differences(source: CardSource) -> Answer:
    """Compare training and test part."""
    data = source.card.data
    return partly(
        f"Internal testing on the same source. Share of tumor slices: training "
        f"{data.prevalence['train']:.3f}, test {data.prevalence['test']:.3f}; sites, sex "
        "and age of both stand in the table of the parts.",
        "model card, Data",
    )


def _listed(figures: list[tuple[str, MetricEstimate]]) -> str:
    return (
        f"{'; '.join(f'{label}: {format_estimate(each)}' for label, each in figures)}."
    )
