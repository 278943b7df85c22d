"""A box's noise: an A/A run told as noise floors, kept with the fingerprint they hold for, found for a comparison.

The arithmetic is ``bench.stats.noise``'s; where the file lies is ``bench.results.noise_floors``'s business.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Annotated, Literal

from msgspec import Meta

from bench.analysis.comparison import CellNoise
from bench.analysis.pooling import pooled
from bench.analysis.pulled import RunOutcomes
from bench.model.errors import UsageError
from bench.model.fingerprint import Fingerprint
from bench.model.fingerprint_diff import differing_facts, of_machine
from bench.model.language import later, tr
from bench.model.plan import Parameters, Plan, Trial, as_recorded
from bench.model.values import Count, Layout, Name, Seconds, Transport
from bench.plan.contrast import VARIANT, examples
from bench.plan.rates import RateName, headline, rate_name, rates, shared
from bench.plan.rule import alpha_each
from bench.stats.compare import ALPHA, MARGIN
from bench.stats.multiplicity import holm
from bench.stats.noise import NoiseFloor, false_alarms, noise_floor
from bench.stats.planning import MANY_BLOCKS
from bench.stats.sequential import LAST_LOOK

ALARM_BLOCKS = 3
"""Few, so that a run of some dozen blocks holds several comparisons."""
OF_TRIAL = attrgetter("phase", "driver", "layout", "transport", "parameters")
OF_PLAN = attrgetter("warm_up_s", "window_s", "preload_rows")
"""A floor and a comparison must agree in these: a longer window is quieter, and so is a table that is not empty."""
NOT_MEASURED = later("The noise of this box is not measured here: make noise, or pgladder noise.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFloor:
    """The noise floor of one cell, of the rate that decides there."""

    run: Name
    measured: str
    variant: Name
    phase: str
    method: str
    driver: Name
    layout: Layout
    transport: Transport
    parameters: Parameters
    warm_up_s: Seconds
    window_s: Annotated[float, Meta(gt=0)]
    preload_rows: Count
    rate: RateName
    floor: NoiseFloor
    alarms: Count
    """False alarms among comparisons of ``ALARM_BLOCKS`` blocks each, taken one after another."""
    alarms_of: Count

    def __post_init__(self) -> None:
        """Refuse figures that nobody can have measured; read what earlier releases wrote as it was measured."""
        object.__setattr__(self, "parameters", as_recorded(self.driver, self.parameters))
        floor = self.floor
        if floor.blocks < 2 or floor.spread < 0 or floor.drift <= -1 or self.alarms > self.alarms_of:
            raise ValueError(
                tr("the noise floor of phase {phase} has figures that can't have been measured", phase=self.phase)
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxNoise:
    """What is known of a box's noise: ``noise/<host>.json``. It holds for the box with this fingerprint, no other."""

    schema: Literal["pgladder/noise/1"] = "pgladder/noise/1"
    host: Fingerprint
    floors: tuple[CellFloor, ...]


def is_aa(plan: Plan) -> bool:
    """Return whether a plan is an A/A test: a variant against itself."""
    # Of several versions a variant may have one text: then the versions are what is compared.
    one_of_each = len(plan.variants) == 2 and len(plan.versions) < 2
    return one_of_each and plan.variants[0].sha256 == plan.variants[1].sha256


def box_noise(run: RunOutcomes, *, margin: float = MARGIN) -> BoxNoise:
    """Return what an A/A run tells of its box.

    Raises:
        UsageError: it is none, has no fingerprint, or fewer than 2 blocks in which both trials count.

    """
    plan, cells = pooled([run])
    if not is_aa(plan):
        raise UsageError(
            tr("Run {run} does not set one variant against itself: it tells nothing of noise.", run=plan.run)
        )
    if run.host is None:
        raise UsageError(
            tr("Run {run} has no fingerprint: nobody knows of which box it tells the noise.", run=plan.run)
        )
    rate = headline(run.records)
    floors, where = [], examples(plan, VARIANT)
    for cell, arms in cells.items():
        one, other = arms.values()
        pair = shared(rates(one, rate), rates(other, rate))
        if len(pair[0]) < 2:
            raise UsageError(
                tr("Run {run}: phase {phase} has fewer than 2 blocks that count.", run=plan.run, phase=cell.phase)
            )
        trial = where[cell][next(iter(arms))]
        floors.append(_floor(plan, trial, rate_name(rate), pair, margin))
    return BoxNoise(host=run.host, floors=tuple(floors))


def alarming(known: BoxNoise) -> list[CellFloor]:
    """Return the floors of which an arm was called different from itself, with p-values adjusted over all (Holm)."""
    p_values = []
    for floor in known.floors:
        p_value = floor.floor.comparison.p_value
        if p_value is None:
            p_value = 1.0
        p_values.append(p_value)
    found = []
    # Of twenty cells, equal arms differ in one at the usual level: no sign that anything is wrong with the box.
    for floor, p_value in zip(known.floors, holm(p_values), strict=True):
        if floor.floor.comparison.verdict in ("faster", "slower") and p_value <= ALPHA:
            found.append(floor)
    return found


def _floor(plan: Plan, trial: Trial, rate: RateName, pair: tuple[list[float], list[float]], margin: float) -> CellFloor:
    alarms, alarms_of = false_alarms(*pair, ALARM_BLOCKS)
    return CellFloor(
        run=plan.run,
        measured=plan.created,
        variant=plan.variants[0].name,
        phase=trial.phase,
        method=trial.method,
        driver=trial.driver,
        layout=trial.layout,
        transport=trial.transport,
        parameters=trial.parameters,
        warm_up_s=plan.warm_up_s,
        window_s=plan.window_s,
        preload_rows=plan.preload_rows,
        rate=rate,
        floor=noise_floor(*pair, margin=margin),
        alarms=alarms,
        alarms_of=alarms_of,
    )


def merged(known: BoxNoise | None, new: BoxNoise) -> BoxNoise:
    """Return both; what is newer replaces what it measured again, all of it where the box is no longer the same."""
    if known is None or changed(known.host, new.host):
        return new
    measured_again = {(floor.variant, _place(floor)) for floor in new.floors}
    kept = [floor for floor in known.floors if (floor.variant, _place(floor)) not in measured_again]
    return BoxNoise(host=new.host, floors=(*kept, *new.floors))


def changed(known: Fingerprint, now: Fingerprint) -> list[str]:
    """Return what of the box is another than when its noise was measured."""
    return [f"{name}: {was} → {is_now}" for name, was, is_now in differing_facts(of_machine(known), of_machine(now))]


def floor_of(
    known: BoxNoise | None, plan: Plan, trial: Trial, rate: RateName = "settled", variant: str | None = None
) -> CellFloor | None:
    """Return the floor of the rate of trials like this one, for as long as this plan measures; None: not known.

    That of this variant goes before that of another one of the plan's, and this before any other's.
    """
    if known is None:
        return None
    wanted = OF_TRIAL(trial), OF_PLAN(plan), rate
    found = {floor.variant: floor for floor in known.floors if _place(floor) == wanted}
    # Any variant's noise says more of this box than none: most of it is the box's, not the configuration's.
    for name in (variant, *(each.name for each in plan.variants), *found):
        if name in found:
            return found[name]
    return None


def _place(floor: CellFloor) -> tuple[object, object, RateName]:
    return OF_TRIAL(floor), OF_PLAN(floor), floor.rate


def cell_noise(found: CellFloor | None, blocks: int, margin: float) -> CellNoise | None:
    """Return what a floor says of a comparison of so many blocks."""
    if found is None:
        return None
    return CellNoise(
        variant=found.variant,
        measured=found.measured,
        blocks=found.floor.blocks,
        spread=found.floor.spread,
        drift=found.floor.drift,
        detectable=found.floor.detectable(blocks) if blocks > 1 else None,
        blocks_for_margin=found.floor.blocks_for(margin),
    )


def too_noisy(
    known: BoxNoise | None, plan: Plan, trials: Sequence[Trial], margin: float
) -> list[tuple[Trial, int | None]]:
    """Return those of trials that need more blocks than planned to tell the margin, and how many; None: beyond reason.

    Of a run until decided each comparison has its share of alpha; it needs some of these blocks at most.
    """
    blocks, alpha, most = len(plan.blocks), ALPHA, MANY_BLOCKS
    if plan.until_decided:
        alpha, most = alpha_each(plan), LAST_LOOK
    noisy: list[tuple[Trial, int | None]] = []
    for trial in trials:
        floor = floor_of(known, plan, trial)
        if floor is None:
            continue
        need = floor.floor.blocks_for(margin, alpha)
        if need is None or need > most:
            noisy.append((trial, None))
        elif need > blocks:
            noisy.append((trial, need))
    return noisy
