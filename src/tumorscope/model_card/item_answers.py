"""Which function answers which item of each checklist."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tumorscope.model_card import data_answers as data
from tumorscope.model_card import model_answers as model
from tumorscope.model_card import result_answers as result
from tumorscope.model_card.checklist import (
    Answer,
    Answerer,
    FilledChecklist,
    fill_checklist,
    read_checklist,
    unanswered,
)
from tumorscope.model_card.source import CardSource


def _for_authors(what: str) -> Answerer:
    """Return a function that leaves an item to the authors."""

    def answer(source: CardSource) -> Answer:  # noqa: ARG001 - no run knows this
        return unanswered(f"{what} is for the authors")

    return answer


_CLAIM: dict[str, Answerer] = {
    "1": _for_authors("the title"),
    "2": _for_authors("the abstract"),
    "3": model.intended_use,
    "4": _for_authors("the aim"),
    "5": _for_authors("whether images were collected for this study"),
    "6": _for_authors("the goal of the study"),
    "7": data.data_source,
    "8": data.eligibility,
    "9": data.preprocessing,
    "10": data.subsets,
    "11": _for_authors("how the source removed identities"),
    "12": data.missing_data,
    "13": data.acquisition,
    "14": data.reference_standard,
    "15": _for_authors("the reason for this reference standard"),
    "16": _for_authors("who annotated the images"),
    "17": data.test_annotation,
    "18": _for_authors("the variability of annotators"),
    "19": data.assignment,
    "20": data.disjointness,
    "21": data.sample_size,
    "22": model.model,
    "23": model.software,
    "24": model.initialization,
    "25": model.training,
    "26": model.selection,
    "27": model.ensembling,
    "28": result.metrics,
    "29": result.uncertainty,
    "30": result.robustness,
    "31": result.explanation,
    "32": result.internal,
    "33": result.external,
    "34": _for_authors("whether this is a registered trial"),
    "35": data.participants,
    "36": data.characteristics,
    "37": result.performance,
    "38": result.diagnostic,
    "39": result.failures,
    "40": result.limitations,
    "41": model.intended_use,
    "42": _for_authors("the protocol of the study"),
    "43": model.availability,
    "44": model.funding,
}
_TRIPOD: dict[str, Answerer] = {
    "1": _for_authors("the title"),
    "2": _for_authors("the abstract"),
    "3a": _for_authors("the healthcare context"),
    "3b": model.intended_use,
    "3c": _for_authors("what is known of health inequalities"),
    "4": _for_authors("the objective"),
    "5a": data.data_source,
    "5b": _for_authors("the time of the images"),
    "6a": data.setting,
    "6b": data.eligibility,
    "6c": _for_authors("the treatment of the patients"),
    "7": data.data_preparation,
    "8a": data.reference_standard,
    "8b": _for_authors("who assessed the outcome"),
    "8c": _for_authors("whether the outcome was assessed blind"),
    "9a": model.predictor,
    "9b": model.predictor,
    "9c": _for_authors("whether any predictor is subjective"),
    "10": data.sample_size,
    "11": data.missing_data,
    "12a": data.assignment,
    "12b": data.preprocessing,
    "12c": model.development,
    "12d": result.cluster_methods,
    "12e": result.metrics,
    "12f": model.no_update,
    "12g": model.prediction,
    "13": model.imbalance,
    "14": result.fairness,
    "15": model.output,
    "16": result.data_differences,
    "17": data.ethics,
    "18a": model.funding,
    "18b": _for_authors("the declaration of interests"),
    "18c": _for_authors("the protocol of the study"),
    "18d": _for_authors("the registration of the study"),
    "18e": _for_authors("where the images can be had"),
    "18f": model.code,
    "19": _for_authors("how patients and the public were involved"),
    "20a": data.participants,
    "20b": data.characteristics,
    "20c": result.data_differences,
    "21": data.analysis_counts,
    "22": model.specification,
    "23a": result.group_performance,
    "23b": result.clusters,
    "24": model.no_update,
    "25": _for_authors("the interpretation"),
    "26": result.limitations,
    "27a": model.poor_input,
    "27b": _for_authors("the expertise that users need"),
    "27c": _for_authors("the choice of next steps"),
}
ANSWERERS: Mapping[str, Mapping[str, Answerer]] = MappingProxyType(
    {"claim_2024": _CLAIM, "tripod_ai": _TRIPOD}
)
"""For each checklist, the function that answers each item."""


def fill_checklists(source: CardSource) -> tuple[FilledChecklist, ...]:
    """Answer every item of every checklist from what a run holds."""
    return tuple(
        fill_checklist(read_checklist(key), answerers, source)
        for key, answerers in ANSWERERS.items()
    )
