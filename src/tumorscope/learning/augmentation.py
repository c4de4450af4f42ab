"""Random changes of a whole batch at once, in torch, on the device of the batch.

All geometry is one resampling: rotation, shift, zoom, shear, flips and a lower resolution
are composed into one affine matrix for each slice.
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional

from tumorscope.domain.specs import AugmentSpec


def augment_batch(
    images: torch.Tensor,
    spec: AugmentSpec,
    *,
    generator: torch.Generator,
    size_px: int,
) -> torch.Tensor:
    """Change each slice of a batch at random.

    Args:
        images: Shape (batch, 3, height, width), float32, in [0, 1]; 0 is background.
        spec: What may change, and how far.
        generator: Source of all randomness, on the CPU.
        size_px: Side of the returned images, in pixels.

    Returns:
        Shape (batch, 3, size_px, size_px), float32, in [0, 1], channels-last memory. The
        input is left unchanged.
    """
    changed = _resample(images, spec, generator=generator, size_px=size_px)
    if spec.drop_sequence > 0:
        changed = _drop_sequence(changed, spec.drop_sequence, generator)
    if spec.blur > 0:
        changed = _blur(changed, spec.blur, generator)
    if spec.gamma > 0 or spec.contrast > 0:
        changed = _change_contrast(changed, spec, generator)
    if spec.bias_field > 0:
        changed = changed * _bias_field(changed, spec.bias_field, generator)
    if spec.noise > 0:
        changed = _add_rician_noise(changed, spec.noise, generator)
    if spec.erase > 0:
        changed = _erase(changed, spec.erase, generator)
    return changed.clamp(0, 1).contiguous(memory_format=torch.channels_last)


def affine_matrices(
    count: int, spec: AugmentSpec, *, generator: torch.Generator
) -> torch.Tensor:
    """Draw one affine map for each slice.

    Args:
        count: Slices in the batch.
        spec: Largest rotation, shift, zoom, shear, and the flips' probabilities.
        generator: Source of the draws, on the CPU.

    Returns:
        Shape (count, 2, 3), float32: output to input in the coordinates of
        `torch.nn.functional.affine_grid`, where the image spans [-1, 1].
    """
    angle = _symmetric(count, math.radians(spec.rotation_degrees), generator)
    shear = torch.tan(_symmetric(count, math.radians(spec.shear_degrees), generator))
    zoom = 1 + _symmetric(count, spec.zoom_share, generator)
    shift = 2 * torch.stack(
        [_symmetric(count, spec.shift_share, generator) for _ in range(2)], dim=1
    )
    mirror_x = _signs(count, spec.flip_left_right, generator)
    mirror_y = _signs(count, spec.flip_up_down, generator)
    cos, sin = torch.cos(angle) / zoom, torch.sin(angle) / zoom
    rows = torch.stack(
        [
            torch.stack([cos * mirror_x, (shear * cos - sin) * mirror_y], dim=1),
            torch.stack([sin * mirror_x, (shear * sin + cos) * mirror_y], dim=1),
        ],
        dim=1,
    )  # (count, 2, 2)
    return torch.cat([rows, shift[..., None]], dim=2)


def _resample(
    images: torch.Tensor,
    spec: AugmentSpec,
    *,
    generator: torch.Generator,
    size_px: int,
) -> torch.Tensor:
    count = images.shape[0]
    matrices = affine_matrices(count, spec, generator=generator).to(images.device)
    grid = functional.affine_grid(
        matrices, [count, 3, size_px, size_px], align_corners=False
    )
    return functional.grid_sample(
        images, grid, mode="bilinear", padding_mode="zeros", align_corners=False
    )


def _drop_sequence(
    images: torch.Tensor, probability: float, generator: torch.Generator
) -> torch.Tensor:
    """Replace one sequence by another one, as sets encode a missing sequence."""
    count, channels = images.shape[:2]
    source = torch.arange(channels).repeat(count, 1)  # (batch, channels)
    lost = torch.randint(channels, (count,), generator=generator)
    step = torch.randint(1, channels, (count,), generator=generator)
    hit = torch.rand(count, generator=generator) < probability
    rows = torch.arange(count)[hit]
    source[rows, lost[hit]] = ((lost + step) % channels)[hit]
    index = source.to(images.device)[..., None, None].expand_as(images)
    return images.gather(1, index)


def _blur(
    images: torch.Tensor, probability: float, generator: torch.Generator
) -> torch.Tensor:
    hit = torch.rand(images.shape[0], generator=generator) < probability
    if not bool(hit.any()):
        return images
    rows = torch.arange(images.shape[0])[hit].to(images.device)
    small = functional.avg_pool2d(images[rows], 2)
    blurred = functional.interpolate(
        small, size=images.shape[2:], mode="bilinear", align_corners=False
    )
    return images.index_copy(0, rows, blurred)


def _change_contrast(
    images: torch.Tensor, spec: AugmentSpec, generator: torch.Generator
) -> torch.Tensor:
    """Draw a gamma for each slice and a gain for each sequence."""
    count, channels = images.shape[:2]
    exponent = torch.exp(_symmetric(count, spec.gamma, generator))
    gain = 1 + _symmetric(count * channels, spec.contrast, generator)
    shaped = exponent.to(images.device)[:, None, None, None]
    curved = images.clamp(min=0) ** shaped
    return curved * gain.to(images.device).view(count, channels, 1, 1)


def _bias_field(
    images: torch.Tensor, strength: float, generator: torch.Generator
) -> torch.Tensor:
    """Draw exp(P) with P a random cubic polynomial, largest absolute value `strength`."""
    count, _, height, width = images.shape
    y = torch.linspace(-1, 1, height)[:, None].expand(height, width)
    x = torch.linspace(-1, 1, width)[None, :].expand(height, width)
    powers = [(i, j) for i in range(4) for j in range(4) if 0 < i + j <= 3]
    basis = torch.stack([x**i * y**j for i, j in powers])  # (9, height, width)
    weights = torch.randn(count, len(powers), generator=generator)
    weights, basis = weights.to(images.device), basis.to(images.device)
    field = torch.einsum("bk,khw->bhw", weights, basis)
    largest = field.abs().amax(dim=(1, 2), keepdim=True).clamp(min=1e-6)
    size = strength * torch.rand(count, 1, 1, generator=generator).to(images.device)
    return torch.exp(size * field / largest)[:, None]


def _add_rician_noise(
    images: torch.Tensor, largest: float, generator: torch.Generator
) -> torch.Tensor:
    """Magnitude of a complex signal with Gaussian noise (Gudbjartsson and Patz 1995)."""
    sigma = largest * torch.rand(images.shape[0], 1, 1, 1, generator=generator)
    drawing = _generator_beside(images, generator)
    noise = torch.randn(2, *images.shape, generator=drawing, device=images.device)
    real, imaginary = noise * sigma.to(images.device)
    noisy = torch.sqrt((images + real) ** 2 + imaginary**2)
    # Background was set to zero by preprocessing and stays zero.
    return torch.where(images > 0, noisy, images)


def _generator_beside(
    images: torch.Tensor, generator: torch.Generator
) -> torch.Generator:
    """Return a generator on the device of the images, for numbers as many as pixels.

    Drawn on the CPU, the noise of one batch would take longer than a GPU's whole step.
    """
    if images.device.type == "cpu":
        return generator
    seed = int(torch.randint(1 << 62, (1,), generator=generator))
    return torch.Generator(images.device).manual_seed(seed)


def _erase(
    images: torch.Tensor, probability: float, generator: torch.Generator
) -> torch.Tensor:
    count, _, height, width = images.shape
    center = torch.rand(count, 2, generator=generator)
    half = 0.05 + 0.1 * torch.rand(count, 2, generator=generator)
    hit = torch.rand(count, generator=generator) < probability
    y = torch.linspace(0, 1, height)[None, :]
    x = torch.linspace(0, 1, width)[None, :]
    rows = (y - center[:, :1]).abs() < half[:, :1]  # (batch, height)
    columns = (x - center[:, 1:]).abs() < half[:, 1:]  # (batch, width)
    inside = rows[:, :, None] & columns[:, None, :] & hit[:, None, None]
    return images.masked_fill(inside[:, None].to(images.device), 0.0)


def _symmetric(count: int, largest: float, generator: torch.Generator) -> torch.Tensor:
    return largest * (2 * torch.rand(count, generator=generator) - 1)


def _signs(count: int, probability: float, generator: torch.Generator) -> torch.Tensor:
    return 1 - 2 * (torch.rand(count, generator=generator) < probability).float()
