"""Weights that others published: where they are, and how the file is recognized."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsSource:
    """A published weights file.

    Attributes:
        url: Official address.
        file_name: Name in the cache; torch's own naming scheme.
        sha256_prefix: First hexadecimal digits of the file's SHA-256. torch publishes
            eight of them inside the file name, and checks just these.
        size_mb: Size, to tell the user what will be fetched.
    """

    url: str
    file_name: str
    sha256_prefix: str
    size_mb: int


IMAGENET1K_V2 = WeightsSource(
    url="https://download.pytorch.org/models/resnet50-11ad3fa6.pth",
    file_name="resnet50-11ad3fa6.pth",
    sha256_prefix="11ad3fa6",
    size_mb=98,
)
"""torchvision's ResNet50_Weights.IMAGENET1K_V2 (BSD-3-Clause)."""
