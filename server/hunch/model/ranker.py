"""The ranker's bundle: a graph that scores the candidates of a query, the names of its columns, and tuned numbers.

Columns are matched by name, so that a graph whose features stand in another order ranks the same, and one that needs
what this Hunch does not know, or lacks what it gives, is refused. `hunch_training.ranking` says how a bundle is made.
It is a bundle of its own, not a part of the search model's: a new ranker makes no index anew.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hunch.model.bundle import MANIFEST, SHIPPED, Bundle, BundleError, Manifest, read_text, sha256_of
from hunch.model.session import Graph, load_graph
from hunch.text.json_file import read_json

RANKER_FORMAT = 1
RANKER_GRAPH = "ranker.onnx"
DEFAULT_RANKER = "ranker-en"
OWN_RANKER = "ranker"
"""The folder in a search model's bundle that holds a ranker which was trained with that model."""

_DECIDES_VECTORS = (".onnx", ".bin", ".json")


class FeatureNames(NamedTuple):
    """The columns of a ranker's three inputs, in order."""

    positive: tuple[str, ...]
    """Of a candidate; more of them never lowers its score"""
    negative: tuple[str, ...]
    """Of a candidate; they count against it"""
    query: tuple[str, ...]


class ContextLine(NamedTuple):
    """The contextual cosine that is guessed from a static one: at_zero + rise * cosine."""

    at_zero: float
    rise: float


class AnswerabilityThresholds(NamedTuple):
    """Thresholds of the calibrated probability of the best hit."""

    relevant: float
    """At or above it the answer is relevant"""
    weak: float
    """Below it nothing here seems to do that"""


class LinearRanking(NamedTuple):
    """One weight a feature, the same for every query."""

    weights: NDArray[np.float32]
    """float32 [positive + negative], as this Hunch orders its features"""
    bias: float
    """Added before the logistic function"""
    words_only_bias: float
    """Added besides where there is no embedding to compare"""


class Ranked(NamedTuple):
    """n candidates of one query."""

    scores: NDArray[np.float32]
    """float32 [n] in 0..1, the calibrated probability that each is what was asked for"""
    weights: NDArray[np.float32]
    """float32 [positive + negative], what one unit of each adds to a score before the logistic function"""


@dataclass(frozen=True, slots=True)
class Ranker:
    """A ranker that fits the features of this Hunch and the search model that it is used with."""

    graph: Graph
    names: FeatureNames
    """As this Hunch orders them"""
    columns: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
    """Positive, negative and query features: for each column of the graph, which of ours it is"""
    context: ContextLine
    answerability: AnswerabilityThresholds
    similar: LinearRanking
    """Where code stands for the question"""
    similar_answerability: AnswerabilityThresholds
    manifest: Mapping[str, Any]


def rank(
    ranker: Ranker, positive: NDArray[np.float32], negative: NDArray[np.float32], query: NDArray[np.float32]
) -> Ranked:
    """Return the scores of a query's candidates and the weights behind them.

    Args:
        ranker: which gives them.
        positive: float32 [n, positive], n at least 1.
        negative: float32 [n, negative].
        query: float32 [query].
    """
    of_positive, of_negative, of_query = ranker.columns
    given = {
        "positive": np.take(positive, of_positive, axis=1),
        "negative": np.take(negative, of_negative, axis=1),
        "query": query[of_query],
    }
    scores, weights = ranker.graph.run(None, given)
    ordered = np.empty_like(weights)
    ordered[np.concatenate([of_positive, len(of_positive) + of_negative])] = weights
    return Ranked(scores, ordered)


def fingerprint_of(model: Manifest) -> str:
    """Return a short text that differs whenever two models can give other vectors; cards and licences do not count."""
    return _fingerprint(tuple(model.sha256.items()))


@lru_cache(maxsize=4)  # every query asks whether its ranker fits
def _fingerprint(files: tuple[tuple[str, str], ...]) -> str:
    sums = {name: one for name, one in files if Path(name).suffix in _DECIDES_VECTORS}
    return hashlib.sha256(json.dumps(sums, sort_keys=True).encode()).hexdigest()[:12]


def ranker_folder(model: Bundle | None) -> Path:
    """Return where the ranker of a search model is: in the model's folder, else the one that ships."""
    own = model.folder / OWN_RANKER if model is not None else None
    return own if own is not None and own.is_dir() else SHIPPED / DEFAULT_RANKER


def ranker_of(model: Bundle | None, names: FeatureNames) -> Ranker:
    """Return the ranker of a search model, loaded once a process.

    Args:
        model: None searches by words only, with the ranker that ships.
        names: the features that this Hunch computes, in its order.

    Raises:
        BundleError: it is damaged, does not fit these features, or was trained with another model.
    """
    folder = ranker_folder(model)
    ranker = _loaded(folder, names)
    if model is not None:
        trained = ranker.manifest["model"]
        if trained["fingerprint"] != fingerprint_of(model.manifest):
            raise BundleError(
                f"{folder / MANIFEST}: the ranker was trained with {trained['name']}, not with the model in "
                f"{model.folder}: train one with it (training/runs/ranker.sh) into its folder {OWN_RANKER}"
            )
    return ranker


@lru_cache(maxsize=4)
def _loaded(folder: Path, names: FeatureNames) -> Ranker:
    return load_ranker(folder, names)


def load_ranker(folder: Path, names: FeatureNames) -> Ranker:
    """Read and check a ranker's bundle.

    Args:
        folder: the bundle's.
        names: the features that this Hunch computes, in its order.

    Raises:
        BundleError: it is no such bundle, is damaged, or does not fit these features.
    """
    place = folder / MANIFEST
    if not place.is_file():
        raise BundleError(f"{place}: no ranker there: install Hunch again")
    try:
        return _ranker_of(folder, read_json(read_text(place)), names)
    except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
        what = f"lacks {error}" if isinstance(error, KeyError) else str(error)
        raise BundleError(f"{place}: not the manifest of a ranker ({what}): install Hunch again") from None


def _ranker_of(folder: Path, manifest: Any, names: FeatureNames) -> Ranker:
    place = folder / MANIFEST
    if not isinstance(manifest, Mapping):
        raise TypeError("not a JSON object")
    if manifest["format"] != RANKER_FORMAT:
        raise BundleError(
            f"{place}: ranker format {manifest['format']}, this Hunch reads {RANKER_FORMAT}: "
            "install a Hunch of the same age as the ranker"
        )
    if RANKER_GRAPH not in manifest["sha256"]:
        raise BundleError(f"{place}: lists no {RANKER_GRAPH}: the bundle is incomplete, install it again")
    for name, expected in manifest["sha256"].items():
        file = folder / name
        if not file.is_file():
            raise BundleError(f"{file}: missing from the ranker's bundle: install Hunch again")
        if sha256_of(file) != expected:
            raise BundleError(f"{file}: differs from its checksum: install Hunch again")
    if not all(isinstance(manifest["model"][key], str) for key in ("name", "fingerprint")):
        raise TypeError("model is not a name and a fingerprint")
    listed = FeatureNames(*(tuple(manifest["features"][kind]) for kind in FeatureNames._fields))
    positive, negative, query = (
        _order(place, kind, ours, theirs)
        for kind, ours, theirs in zip(FeatureNames._fields, names, listed, strict=True)
    )
    graph = load_graph(folder / RANKER_GRAPH)
    _check_shapes(folder / RANKER_GRAPH, graph, listed)
    similar = manifest["similar"]
    return Ranker(
        graph=graph,
        names=names,
        columns=(positive, negative, query),
        context=ContextLine(**_numbers(manifest["context_of_static"], ContextLine._fields)),
        answerability=_answerability(manifest["answerability"]),
        similar=_linear_of(place, similar, (*names.positive, *names.negative)),
        similar_answerability=_answerability(similar["answerability"]),
        manifest=manifest,
    )


def _order(place: Path, kind: str, ours: Sequence[str], theirs: Sequence[str]) -> NDArray[np.int64]:
    """Return for each of the graph's columns which of ours it is."""
    if missing := [name for name in theirs if name not in ours]:
        raise BundleError(f"{place}: needs the {kind} feature {missing[0]!r}, which this Hunch does not have: "
                          "install a Hunch of the same age as the ranker")  # fmt: skip
    if unknown := [name for name in ours if name not in theirs]:
        raise BundleError(f"{place}: does not know the {kind} feature {unknown[0]!r} of this Hunch: "
                          "train the ranker again, or install a Hunch of its age")  # fmt: skip
    if len(set(theirs)) != len(theirs):
        raise BundleError(f"{place}: names a {kind} feature twice: install Hunch again")
    return np.array([ours.index(name) for name in theirs], np.int64)


def _check_shapes(place: Path, graph: Graph, names: FeatureNames) -> None:
    found = {one.name: one.shape for one in graph.get_inputs()}
    for kind, expected in zip(FeatureNames._fields, names, strict=True):
        width = found.get(kind, [None])[-1]
        if width != len(expected):
            raise BundleError(
                f"{place}: takes {width} {kind} features where its manifest names {len(expected)}: install Hunch again"
            )


def _answerability(values: Mapping[str, Any]) -> AnswerabilityThresholds:
    found = AnswerabilityThresholds(**_numbers(values, AnswerabilityThresholds._fields))
    if not 0 <= found.weak <= found.relevant <= 1:
        raise ValueError("thresholds of answerability out of order")
    return found


def _linear_of(place: Path, values: Mapping[str, Any], names: Sequence[str]) -> LinearRanking:
    weights = values["weights"]
    _order(place, "weighed", names, tuple(weights))
    ordered = np.array([_number(name, weights[name]) for name in names], np.float32)
    numbers = _numbers(values, ("scale", "bias", "words_only_bias"))
    return LinearRanking(ordered * np.float32(numbers["scale"]), numbers["bias"], numbers["words_only_bias"])


def _numbers(values: Mapping[str, Any], names: Sequence[str]) -> dict[str, float]:
    return {name: _number(name, values[name]) for name in names}


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise TypeError(f"{name} is no number")
    return float(value)
