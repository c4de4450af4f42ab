"""The limits of a result, in words."""

from dataclasses import replace

from tumorscope.evaluation.rendering.limit_ranking import first_limits
from tumorscope.evaluation.rendering.limits import find_limits, weigh_limits
from tumorscope.evaluation.size_strata import LesionSizeTable, SizeStratum
from tumorscope.pages.limit import Limit
from tumorscope.pages.section import Section


def _leads(report, context):
    return [limit.lead for limit in find_limits(report, context)]


def _text(report, context, lead):
    return next(each.text for each in find_limits(report, context) if each.lead == lead)


def _with(report, place, name, estimate):
    metrics = getattr(report, place)
    holder = metrics if place == "ranking" else metrics.metrics
    changed = replace(
        holder,
        estimates=tuple(estimate if each.name == name else each for each in holder),
    )
    value = changed if place == "ranking" else replace(metrics, metrics=changed)
    return replace(report, **{place: value})


def test_limits_of_the_data_come_first(report, context):
    """Synthetic scans, then what the importer and the run have to say."""
    leads = _leads(report, replace(context, is_phantom=True))

    assert leads[:4] == [
        "Synthetic scans",
        "Of this set",
        "Of this run",
        "Files left out",
    ]


def test_grouping_without_patients_is_said(evaluate, minimal):
    """Near-duplicate groups are never called patients."""
    report = evaluate(patient_id=None, grouping="near-duplicates")

    assert "grouped by near-duplicates, not by patient" in _text(
        report, minimal, "No patient ids"
    )
    assert "12 near-duplicate groups were tested" in _text(
        report, minimal, "Little data"
    )


def test_enough_patients_are_not_called_few(evaluate, minimal):
    """The warning about little data ends at thirty patients."""
    assert "Little data" not in _leads(evaluate(patients=30), minimal)
    assert "Little data" in _leads(evaluate(patients=29), minimal)


def test_internal_and_external_testing_are_told_apart(evaluate, minimal):
    """A set that the model never saw is no internal test."""
    assert "Internal testing" in _leads(evaluate(), minimal)
    external = evaluate(part="external", fold="model")
    assert "External testing" in _leads(external, minimal)
    single = evaluate(fold="one")
    assert "One split" in _text(single, minimal, "Internal testing")


def test_threshold_from_few_patients_is_said(report, context):
    """An interval over test patients hides how few fixed the threshold."""
    assert "Threshold from little data" not in _leads(report, context)
    few = context.thresholds["fold-0"].model_copy(update={"tune_patients": 4})
    told = replace(context, thresholds={**context.thresholds, "fold-1": few})

    assert "as few as 4 patients" in _text(report, told, "Threshold from little data")


def test_missed_specificity_is_said(report, context, estimate):
    """A target outside the interval was not met; one inside may have been."""
    lead = "The threshold did not carry over"
    missed = estimate(0.8, name="specificity")
    met = estimate(0.93, name="specificity")

    assert lead in _leads(_with(report, "at_tuned", "specificity", missed), context)
    assert lead not in _leads(_with(report, "at_tuned", "specificity", met), context)


def test_ranking_by_height_is_said(report, context, estimate):
    """A position-matched AUROC below the interval of the AUROC tells of the height."""
    report = _with(report, "ranking", "auroc", estimate(0.9, name="auroc"))
    name = "position_matched_auroc"
    lower = _with(report, "ranking", name, estimate(0.7, name=name))
    same = _with(report, "ranking", name, estimate(0.89, name=name))

    assert "0.70 [0.65, 0.75]" in _text(lower, context, "Height of the slice")
    assert "Height of the slice" not in _leads(same, context)


def test_calibration_is_judged_against_its_null(report, context, estimate):
    """Only an error that chance would not show is a limit."""
    for value, is_told in ((0.03, False), (0.09, True)):
        calibration = replace(
            report.calibration, estimate=estimate(value, name="ece"), null_high=0.05
        )
        leads = _leads(replace(report, calibration=calibration), context)
        assert ("Probabilities are off" in leads) == is_told


def test_model_that_is_not_above_a_simple_method_is_said(report, context, estimate):
    """A difference whose interval holds zero is no advantage."""
    lead = "Not shown to be above “position”"
    above = replace(report.baselines[0], difference=estimate(0.2))
    level = replace(report.baselines[0], difference=estimate(0.01))

    assert lead not in _leads(replace(report, baselines=(above,)), context)
    assert "+0.01 [\N{MINUS SIGN}0.04, 0.06]" in _text(
        replace(report, baselines=(level,)), context, lead
    )
    assert "No simple method beside it" in _leads(
        replace(report, baselines=()), context
    )


def test_explanations_below_trivial_maps_are_said(report, context, estimate):
    """The best attribution is compared with the best trivial map."""
    lead = "Explanations do not beat trivial maps"
    own, trivial = context.localization
    better = replace(own, pointing=estimate(0.7))

    assert "(grad cam)" in _text(report, context, lead)
    assert lead not in _leads(report, replace(context, localization=(better, trivial)))
    assert lead not in _leads(report, replace(context, localization=(own,)))


def test_many_simple_methods_make_one_limit(report, context, estimate):
    """The method that is furthest above the model is told, the others are named."""
    lead = "Not shown to be above “neighbors”"
    first = replace(report.baselines[0], difference=estimate(0.01))
    second = replace(first, name="neighbors", difference=estimate(-0.2))
    told = replace(report, baselines=(first, second))

    text = _text(told, context, lead)

    assert "\N{MINUS SIGN}0.20" in text
    assert text.endswith("Nor is it shown to be above position.")
    assert sum("Not shown" in each for each in _leads(told, context)) == 1


def test_lesions_of_a_size_that_are_missed_more_are_said(report, context, estimate):
    """A stratum whose interval lies below the sensitivity on all tumor slices."""
    lead = "Lesions of one size are missed more"
    overall = replace(report.at_ranked, sensitivity=estimate(0.8))
    for value, is_told in ((0.4, True), (0.78, False)):
        stratum = SizeStratum(
            name="up to 200 px",
            low_px=0,
            high_px=200,
            n_slices=9,
            ranked=estimate(value),
            tuned=estimate(value),
        )
        sizes = LesionSizeTable(strata=(stratum,), n_unknown=0, reason="")
        told = replace(report, at_ranked=overall, by_lesion_size=sizes)
        assert (lead in _leads(told, context)) == is_told


def test_limits_of_sections_are_told_with_the_weight_of_their_outcome(report, minimal):
    """A failed gate goes onto the first page; a remark of another part does not."""
    gate = Section(
        name="gate",
        title="Gate",
        sentences=(),
        status="failed",
        limits=(Limit(lead="Leak", text="Patients are shared."),),
    )
    remark = Section(
        name="remark",
        title="Remark",
        sentences=(),
        limits=(Limit(lead="Remark", text="Something small."),),
    )
    context = replace(minimal, sections=(remark, gate))

    assert _leads(report, context)[-2:] == ["Remark", "Leak"]
    assert first_limits(weigh_limits(report, context))[0].lead == "Leak"


def test_phantoms_are_called_synthetic_once(report, minimal):
    """The importer's note on phantoms does not say the same again."""
    notes = ("Phantom scans: synthetic heads.", "Six slices each.")
    context = replace(minimal, is_phantom=True, notes=notes)

    assert _leads(report, context)[:2] == ["Synthetic scans", "Of this set"]
    assert _text(report, context, "Of this set") == "Six slices each."
