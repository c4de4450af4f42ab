"""Models: what readers must know of them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path

from tumorscope.serve.api.documented import refusals
from tumorscope.serve.model_views import compare_with_shadow, summarize_model
from tumorscope.serve.models import ServedModelEntry
from tumorscope.serve.problems import NotFoundError
from tumorscope.serve.security.access import Principal, Scope
from tumorscope.serve.services import Reads, Served, Services
from tumorscope.serve.wire.models import ModelSummary

router = APIRouter(prefix="/models", tags=["models"])
ModelId = Annotated[str, Path(max_length=80)]


@router.get("", responses=refusals())
def list_models(services: Served, principal: Reads) -> list[ModelSummary]:
    """Return all models, the default first; the one in the shadow to admins only."""
    return [
        _summary(services, one) for one in services.models if _may_see(principal, one)
    ]


@router.get("/{model_id}", responses=refusals(404))
def read_model(services: Served, principal: Reads, model_id: ModelId) -> ModelSummary:
    """Return one model."""
    return _summary(services, _find(services, principal, model_id))


@router.get("/{model_id}/card", responses=refusals(404))
def read_card(services: Served, principal: Reads, model_id: ModelId) -> dict[str, Any]:
    """Return the card of a bundle; digests of its training data are left out."""
    card = _find(services, principal, model_id).facts.card.model_dump(mode="json")
    for name in ("seen_pixel_digests", "seen_owner_digests"):
        card["data"].pop(name, None)
    return card


def _may_see(principal: Principal, entry: ServedModelEntry) -> bool:
    return not entry.is_shadow or Scope.ADMIN in principal.scopes


def _find(services: Services, principal: Principal, model_id: str) -> ServedModelEntry:
    found = services.models.get(model_id)
    if found is None or not _may_see(principal, found):
        raise NotFoundError("There is no such model.")
    return found


def _summary(services: Services, entry: ServedModelEntry) -> ModelSummary:
    if not entry.is_shadow:
        return summarize_model(entry)
    with services.database.read() as connection:
        return summarize_model(entry, compare_with_shadow(connection, entry.id))
