"""The compiled loops of quantization: serial, `nogil`, without global state.

Each has a plain numpy twin in `tests/quantize`. None is `parallel=True`, since worker threads and
processes already keep all cores busy. None uses `fastmath`, so that results do not depend on the
processor's vector width.

Tables of all 8-bit colors are in the order of `colorprep.color.color_index`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..color.color_index import channels_of, index_of
from ..color.lab import LAB_EPSILON, LAB_OFFSET, LAB_SLOPE, SRGB_TO_XYZ, WHITE_D65
from ..compiling import compiled_as_numpy as compiled
from ..compiling import prefetch

_X, _Y, _Z = (tuple(float(v) for v in row) for row in SRGB_TO_XYZ)
_WHITE_X, _WHITE_Z = float(WHITE_D65[0]), float(WHITE_D65[2])
_DIAGONAL = 1.5  # no less than a cell's
_BLOCK = 256  # points that stay in the first-level cache while all components use them


@compiled
def _lab_f(t: float) -> Any:
    if t > LAB_EPSILON:
        return np.cbrt(t)
    return LAB_SLOPE * t + LAB_OFFSET


@compiled
def ab_of_color(color: int, linear: Any) -> tuple[float, float]:
    """Return a and b of a color index; `linear` is the 256-row inverse transfer function."""
    red, green, blue = channels_of(color)
    r, g, b = linear[red], linear[green], linear[blue]
    x = _lab_f((_X[0] * r + _X[1] * g + _X[2] * b) / _WHITE_X)
    y = _lab_f(_Y[0] * r + _Y[1] * g + _Y[2] * b)
    z = _lab_f((_Z[0] * r + _Z[1] * g + _Z[2] * b) / _WHITE_Z)
    return 500.0 * (x - y), 200.0 * (y - z)


@compiled
def hue_chroma_of_color(color: int) -> tuple[float, float]:
    """Return hue in [0, 1) and chroma in [0, 1] of a color index."""
    r, g, b = channels_of(color)
    top, bottom = max(r, g, b), min(r, g, b)
    span = top - bottom
    if span == 0:
        return 0.0, 0.0
    if top == r:
        sixths = (g - b) / span
    elif top == g:
        sixths = 2.0 + (b - r) / span
    else:
        sixths = 4.0 + (r - g) / span
    hue = sixths / 6.0
    return (hue + 1.0 if hue < 0.0 else hue), span / 255.0


@compiled
def _same_hue_and_chroma(color: int) -> Any:
    """Return the least color index of the same hue and chroma: the color minus its gray part."""
    return color - min(channels_of(color))


@compiled
def fill_hue_chroma_cells(out: Any) -> None:
    """Write every color's hue-chroma cell, floor(256 h) mod 256 << 8 | min(floor(256 C), 255)."""
    for color in range(out.shape[0]):
        first = _same_hue_and_chroma(color)
        if first < color:
            out[color] = out[first]
            continue
        hue, chroma = hue_chroma_of_color(color)
        row = int(math.floor(256.0 * hue)) % 256
        out[color] = row << 8 | min(int(math.floor(256.0 * chroma)), 255)


@compiled
def fill_hsl_lightness(out: Any) -> None:
    """Write every color's HSL lightness level, min(floor(256 L), 255)."""
    for color in range(out.shape[0]):
        r, g, b = channels_of(color)
        out[color] = min(256 * (max(r, g, b) + min(r, g, b)) // 510, 255)


@compiled
def candidate_centers(centers: Any, low: Any, starts: Any, candidates: Any) -> int:
    """List, for every unit cell, the centers that are nearest to some point in it.

    The difference of two squared distances is linear, so center j is nearer than the center that
    is nearest to the cell's middle only if it is so at a corner; it never is if it is farther from
    the middle by more than the cell's diagonal. `low` (n, 2) holds the cells' lower corners; the
    lists are written one after another to `candidates`, each in order of index, and `starts`
    (n + 1,) holds where each begins. Returns the total; if it exceeds the length of `candidates`,
    call again with a longer one.
    """
    total = 0
    for cell in range(low.shape[0]):
        a, b = low[cell, 0], low[cell, 1]
        best, nearest = 0, np.inf
        for j in range(centers.shape[0]):
            d = (centers[j, 0] - a - 0.5) ** 2 + (centers[j, 1] - b - 0.5) ** 2
            if d < nearest:
                best, nearest = j, d
        starts[cell] = total
        reach = (math.sqrt(nearest) + _DIAGONAL) ** 2
        for j in range(centers.shape[0]):
            if (centers[j, 0] - a - 0.5) ** 2 + (centers[j, 1] - b - 0.5) ** 2 > reach:
                continue
            beats = j == best
            for corner in range(4):
                x, y = a + (corner & 1), b + (corner >> 1)
                mine = (centers[j, 0] - x) ** 2 + (centers[j, 1] - y) ** 2
                other = (centers[best, 0] - x) ** 2 + (centers[best, 1] - y) ** 2
                beats = beats or mine < other
            if beats:
                if total < candidates.shape[0]:
                    candidates[total] = j
                total += 1
    starts[low.shape[0]] = total
    return total


@compiled
def fill_nearest_bins(
    linear: Any, cells: Any, rows: Any, starts: Any, candidates: Any, centers: Any, out: Any
) -> None:
    """Write every color's nearest center; of equally near ones the first.

    `cells` are the colors' ab cells, `rows` maps cells to their rows in `starts`; `starts` and
    `candidates` are from `candidate_centers`.
    """
    for color in range(out.shape[0]):
        row = rows[cells[color]]
        first, last = starts[row], starts[row + 1]
        best = candidates[first]
        if last - first > 1:
            a, b = ab_of_color(color, linear)
            nearest = np.inf
            for i in range(first, last):
                j = candidates[i]
                d = (centers[j, 0] - a) ** 2 + (centers[j, 1] - b) ** 2
                if d < nearest:
                    best, nearest = j, d
        out[color] = best


@compiled
def nearest_centers(points: Any, centers: Any, index: Any, squared: Any) -> None:
    """Write each point's k nearest centers and squared distances, nearest first.

    `index` and `squared` have shape (N, k). Of equally near centers the lower index comes first,
    a rule that search trees do not keep.
    """
    k = index.shape[1]
    for i in range(points.shape[0]):
        found = 0
        for j in range(centers.shape[0]):
            d = (centers[j, 0] - points[i, 0]) ** 2 + (centers[j, 1] - points[i, 1]) ** 2
            if found == k and d >= squared[i, k - 1]:
                continue
            slot = found if found < k else k - 1
            while slot > 0 and squared[i, slot - 1] > d:
                squared[i, slot] = squared[i, slot - 1]
                index[i, slot] = index[i, slot - 1]
                slot -= 1
            squared[i, slot] = d
            index[i, slot] = j
            found = min(found + 1, k)


@compiled
def _log_density(x: float, y: float, gaussian: Any) -> Any:
    dx, dy = x - gaussian[0], y - gaussian[1]
    return gaussian[2] - (gaussian[3] * dx * dx + gaussian[4] * dx * dy + gaussian[5] * dy * dy)


@compiled
def _exp_of_negative(x: float) -> float:
    """Return exp(x) for x <= 0 to within 2e-13, as exp(x / 1024) ** 1024, which vectorizes."""
    x = max(x, -700.0) * (1.0 / 1024.0)
    p = x * (1.0 / 3628800.0) + (1.0 / 362880.0)
    p = p * x + (1.0 / 40320.0)
    p = p * x + (1.0 / 5040.0)
    p = p * x + (1.0 / 720.0)
    p = p * x + (1.0 / 120.0)
    p = p * x + (1.0 / 24.0)
    p = p * x + (1.0 / 6.0)
    p = p * x + 0.5
    p = p * x + 1.0
    p = p * x + 1.0
    for _ in range(10):
        p *= p
    return p


@compiled
def mixture_posteriors(points: Any, gaussians: Any, out: Any) -> None:
    """Write each point's posterior over the components of a 2-D Gaussian mixture.

    `gaussians` (K, 6) holds the mean (2), the log of mixing weight times normalizer, and half the
    quadratic form (xx, 2xy, yy); `out` has shape (N, K). Each component passes over a block of
    points, so that the inner loops vectorize without reordering any sum.
    """
    n_components = gaussians.shape[0]
    log_density = np.empty((n_components, _BLOCK))
    x, y, top, total = np.empty(_BLOCK), np.empty(_BLOCK), np.empty(_BLOCK), np.empty(_BLOCK)
    for start in range(0, points.shape[0], _BLOCK):
        n = min(_BLOCK, points.shape[0] - start)
        for i in range(n):
            x[i], y[i] = points[start + i, 0], points[start + i, 1]
            top[i], total[i] = -np.inf, 0.0
        for k in range(n_components):
            for i in range(n):
                log_density[k, i] = _log_density(x[i], y[i], gaussians[k])
                top[i] = max(top[i], log_density[k, i])
        for k in range(n_components):
            for i in range(n):
                log_density[k, i] = _exp_of_negative(log_density[k, i] - top[i])
                total[i] += log_density[k, i]
        for i in range(n):
            for k in range(n_components):
                out[start + i, k] = log_density[k, i] / total[i]


@compiled
def _likeliest(x: float, y: float, gaussians: Any) -> int:
    best, top = 0, -np.inf
    for k in range(gaussians.shape[0]):
        value = _log_density(x, y, gaussians[k])
        if value > top:
            best, top = k, value
    return best


@compiled
def likeliest_components(points: Any, gaussians: Any, out: Any) -> None:
    """Write each point's component of highest posterior; of equal ones the first."""
    for i in range(points.shape[0]):
        out[i] = _likeliest(points[i, 0], points[i, 1], gaussians)


@compiled
def fill_likeliest_components(gaussians: Any, plane: bool, out: Any) -> None:
    """Write every color's component of highest posterior; of equal ones the first."""
    for color in range(out.shape[0]):
        first = _same_hue_and_chroma(color)
        if first < color:
            out[color] = out[first]
            continue
        x, y = hue_chroma_of_color(color)
        if plane:
            angle = 2.0 * np.pi * x
            x, y = y * math.cos(angle), y * math.sin(angle)
        out[color] = _likeliest(x, y, gaussians)


@compiled
def fill_edge_bins(hue_edges: Any, chroma_edges: Any, out: Any) -> None:
    """Write every color's joint bin, chroma bin * n_hue_bins + hue bin, as numpy.digitize does."""
    for color in range(out.shape[0]):
        first = _same_hue_and_chroma(color)
        if first < color:
            out[color] = out[first]
            continue
        hue, chroma = hue_chroma_of_color(color)
        i = np.searchsorted(hue_edges, hue, side="right") - 1
        j = np.searchsorted(chroma_edges, chroma, side="right") - 1
        out[color] = j * hue_edges.shape[0] + i


@compiled
def _color(rgb: Any, i: int, j: int) -> Any:
    return index_of(rgb[i, j, 0], rgb[i, j, 1], rgb[i, j, 2])


@compiled
def _ask_for(rgb: Any, table: Any, i: int, stride: int, index: Any) -> None:
    """Write the color indices of a row, and let the memory look up their entries."""
    for j in range(index.shape[0]):
        index[j] = _color(rgb, i, stride * j)
        prefetch(table, index[j])


@compiled
def look_up(rgb: Any, table: Any, stride: int, out: Any) -> None:
    """Write table[color] of every stride-th pixel in both directions, starting at the first.

    `rgb` (H, W, 3) uint8; `out` (ceil(H / stride), ceil(W / stride)).
    """
    index = np.empty((2, out.shape[1]), np.int64)
    _ask_for(rgb, table, 0, stride, index[0])
    for i in range(out.shape[0]):
        if i + 1 < out.shape[0]:
            _ask_for(rgb, table, stride * (i + 1), stride, index[(i + 1) & 1])
        for j in range(out.shape[1]):
            out[i, j] = table[index[i & 1, j]]


@compiled
def look_up_cells(rgb: Any, table: Any, stride: int, offset: int, out: Any) -> None:
    """Write both bytes of table[color], minus `offset`, of every stride-th pixel.

    `out` (ceil(H / stride), ceil(W / stride), 2).
    """
    cells = np.empty(out.shape[:2], table.dtype)
    look_up(rgb, table, stride, cells)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            cell = np.int64(cells[i, j])
            out[i, j, 0] = (cell >> 8) - offset
            out[i, j, 1] = (cell & 255) - offset


@compiled
def look_up_bins_of_cells(ab: Any, cell_bins: Any, out: Any) -> None:
    """Write the bin of each ab cell; `ab` (h, w, 2) int8, `out` (h, w)."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = cell_bins[(np.int64(ab[i, j, 0]) + 128) << 8 | np.int64(ab[i, j, 1]) + 128]


@compiled
def lightness_levels(rgb: Any, luminance: Any, guess: Any, thresholds: Any, out: Any) -> None:
    """Write round(2.55 L) of every pixel.

    The luminance is a sum of one table entry per channel; `guess` gives its level or the one
    below, and the threshold decides which. All tables fit into the first-level cache.
    """
    scale = guess.shape[0] - 2
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            y = luminance[0, rgb[i, j, 0]] + luminance[1, rgb[i, j, 1]]
            y += luminance[2, rgb[i, j, 2]]
            level = guess[int(y * scale)]
            out[i, j] = level + (y >= thresholds[level + 1])
