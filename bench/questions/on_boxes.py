"""Questions put to boxes: a run launched, followed and pulled, then what its results answer, and the page of them."""

from collections.abc import Callable, Mapping
from pathlib import Path

from bench.analysis.ladder import Ladders
from bench.engines.postgresql.variants import ALL
from bench.model.errors import UsageError
from bench.model.plain import print_json
from bench.plan.request import words
from bench.questions.compare import (
    NOT_EQUIVALENT,
    compared,
    equivalent,
    hosts_beside,
    set_beside,
    took_turns,
    void_or_partial,
)
from bench.questions.noise import NOISE_BLOCKS, NOISE_PHASE, keep_noise
from bench.questions.page import write_page
from bench.report.comparison import show_comparison
from bench.report.noise import show_noise
from bench.report.terminal import show_ladders
from bench.results.read import doubtful, read, told
from bench.stats.compare import MARGIN
from bench.store.run_directory import RunDirectory
from bench.targets.box_plans import check_name, wishes
from bench.targets.boxes import RESULTS, Boxes, followed, launched, launched_again, look, plans_there, pulled

Given = Mapping[str, str]
Places = Mapping[str, Path]
Answer = Callable[[Boxes, Path, Places], bool]
"""Prints what the results in a directory, by host in these, say; returns whether all of them are sound."""


def ladder(boxes: Boxes, given: Given) -> bool:
    """Print the ladder of each box."""
    return _asked(boxes, given, lambda boxes, _, places: _ladders(boxes, places, given))


def _ladders(boxes: Boxes, places: Places, given: Given) -> bool:
    reports = [told(read(RunDirectory(place))) for place in places.values()]
    if given["json"]:
        print_json(Ladders(hosts=tuple(reports)))
        return not doubtful(reports)
    for report in reports:
        boxes.out.print()
        show_ladders(boxes.out, report)
    return not doubtful(reports)


def compare(boxes: Boxes, given: Given) -> bool:
    """Tell on each box which variant is faster."""
    enough = given["variants"] == ALL or len(set(words([given["variants"]]))) > 1
    there = {} if enough or not given["run"] else plans_there(boxes, check_name(given["run"]))
    if not enough and (not given["run"] or any(len(plan.variants) < 2 for plan in there.values())):
        raise UsageError('A comparison takes two or more variants: VARIANTS="stock async-commit".')
    return _asked(boxes, given, lambda boxes, results, _: _comparisons(boxes, results, given))


def _comparisons(boxes: Boxes, results: Path, given: Given) -> bool:
    reports = compared(results, _margin(given))
    if given["json"]:
        print_json(reports if len(reports) > 1 else reports[0])
        return not void_or_partial(reports)
    for report in reports:
        boxes.out.print()
        boxes.says(f"{', '.join(report.hosts)}:")
        show_comparison(boxes.out, report)
    return not void_or_partial(reports)


def compare_hosts(boxes: Boxes, given: Given) -> bool:
    """Tell which box is faster; boxes that share a machine take their turns."""
    if len(boxes.links) < 2:
        raise UsageError("A comparison of hosts takes two or more: pick them by LIMIT=, or list them in inventory/.")
    _take_turns(boxes, any(state.shares_kernel for state in look(boxes).values()))
    return _asked(boxes, given, lambda boxes, results, _: _hosts(boxes, results, given))


def _take_turns(boxes: Boxes, share_machine: bool) -> None:
    boxes.in_turns = share_machine
    if share_machine:
        boxes.says("These boxes share a machine, so one measures at a time: they take turns, block by block.")


def _hosts(boxes: Boxes, results: Path, given: Given) -> bool:
    report = hosts_beside(results, _margin(given) or MARGIN)
    if given["json"]:
        print_json(report)
    else:
        boxes.out.print()
        show_comparison(boxes.out, report)
    return not void_or_partial([report])


def noise(boxes: Boxes, given: Given) -> bool:
    """Tell how far equal trials differ on each box, and keep it for its comparisons."""
    usual = {"phases": NOISE_PHASE, "blocks": str(NOISE_BLOCKS)}
    asked = {**given, **{word: given[word] or default for word, default in usual.items()}}
    return _asked(boxes, asked, lambda boxes, _, places: _noise(boxes, places, given), again=True)


def _noise(boxes: Boxes, places: Places, given: Given) -> bool:
    sound = True
    for place in places.values():
        kept = keep_noise(place, _margin(given) or MARGIN)
        sound = sound and kept.sound
        boxes.out.print()
        show_noise(boxes.out, kept.noise, kept.doubts)
        boxes.says(kept.where)
    return sound


def reproduce(boxes: Boxes, given: Given) -> bool:
    """Carry out a pulled run's plan again on the boxes it came from; tell whether both are equivalent."""
    first = check_name(given["run"])
    if not first:
        raise UsageError("Say which run: RUN=<its name>; those that were pulled are in results/.")
    margin = _margin(given) or MARGIN
    _take_turns(boxes, took_turns(RESULTS / first / link.host.name for link in boxes.links))
    places = _brought(boxes, launched_again(boxes, first))
    reports = [set_beside([RESULTS / first / host, place], "runs", margin) for host, place in places.items()]
    for host, report in zip(places, reports, strict=True):
        boxes.out.print()
        boxes.says(f"{host}:")
        show_comparison(boxes.out, report)
        if not equivalent(report):
            boxes.says(f"{host}: {NOT_EQUIVALENT}")
    return bool(reports) and all(map(equivalent, reports)) and not void_or_partial(reports)


def _margin(given: Given) -> float | None:
    return wishes({"margin": given.get("margin", "")}).get("margin")


def _asked(boxes: Boxes, given: Given, answer: Answer, *, again: bool = False) -> bool:
    """Launch, follow, pull, answer, write the page; return whether every result is sound."""
    places = _brought(boxes, launched(boxes, given, again=again))
    if not places:
        return False
    results = RESULTS / boxes.run
    page, _ = write_page(results, None, _margin(given))
    try:
        return answer(boxes, results, places)
    finally:
        boxes.out.print()
        boxes.says(f"Page: {page}")


def _brought(boxes: Boxes, run: str) -> dict[str, Path]:
    """Follow a run and pull it; return where each box's files are."""
    ended_early = followed(boxes, run)
    places = pulled(boxes, run)
    boxes.failures += ended_early
    return places
