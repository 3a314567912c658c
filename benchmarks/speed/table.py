"""The tables of `speed.md`, out of what `speed.json` holds."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from statistics import median
from typing import Any

from benchmarks.speed.summary import (
    Results,
    Spread,
    evaluation_share,
    rate,
    startup_seconds,
    startup_share,
)
from benchmarks.speed.systems import OURS, PEERS, SYSTEMS, Cell
from benchmarks.speed.targets import TARGETS
from benchmarks.speed.work import LAYERS, epoch_flops, limit_flops
from fashion_keras.execution.local import TASKS_PER_WORKER

MODES = {"user": "one run on all cores", "packed": "packed: a run of one thread on each core"}
PRECISIONS = ("float32", "bfloat16")


def render(record: Mapping[str, Any]) -> str:
    """Return the Markdown page of a record of measurements."""
    results = Results.of(record["measurements"], record["settings"]["shares"])
    sections = [
        "# Speed\n",
        _describe(record),
        *(_render_model(results, model, record) for model in ("fcn", "cnn") if _measured(results, model)),
        "## Targets\n\nOurs is packed; a ratio says how many times as many epochs ours gets done in the same time. "
        "Evaluations count, except in the share of the limit.\n",
        _render_targets(results),
        "## Limit\n\nRate of products of two 2048 x 2048 matrices, all processes together.\n",
        _render_limit(results),
        f"## Start-up of ours\n\nSeconds, packed. A worker serves {TASKS_PER_WORKER} runs: import and data are paid "
        "once for them, build and trace for each. The last column sets that beside the epochs of a run of 50.\n",
        _render_startup(results),
        _render_failures(record.get("failures", ())),
    ]
    return "\n".join(section for section in sections if section)


def _describe(record: Mapping[str, Any]) -> str:
    items = record["measurements"]
    if not items:
        return "Nothing has been measured.\n"
    versions = {name: text for item in items for part in item["processes"] for name, text in part["versions"].items()}
    codes = sorted({item["code"] for item in items})
    dates = sorted(item["started"][:16].replace("T", " ") for item in items)
    busy = sorted(item["busy_before"] for item in items)
    lines = [
        f"- Machine: {record['machine']}",
        f"- Versions: {', '.join(f'{name} {text}' for name, text in sorted(versions.items()))}",
        f"- Date: {dates[0]} to {dates[-1]} UTC; sources {', '.join(codes)}",
        f"- Other load before a measurement: median {median(busy):.0%}, at most {busy[-1]:.0%} of the machine",
    ]
    if median(busy) > 0.05:
        lines.append("- **NOISY: the machine was busy with other things. These are not results.**")
    return "\n".join(lines) + "\n"


def _measured(results: Results, model: str) -> bool:
    return any(cell.model == model for cell in results.cells)


def _render_model(results: Results, model: str, record: Mapping[str, Any]) -> str:
    share, epochs = results.shares[model], record["settings"]["epochs"][model]
    part = "" if share == 1 else f" Measured on {share:.0%} of the images, and scaled up."
    intro = (
        f"## {model.upper()}\n\nSeconds in which the machine gets an epoch done, evaluations included: training is "
        f"{epoch_flops(LAYERS[model]) / 1e9:,.1f} GFLOP. Median of the rounds (least to greatest), {epochs} epochs a "
        f"round where not said otherwise.{part} The ratios are ours, packed, against the line.\n"
    )
    header = ("", "precision", "how", "s an epoch", "evaluation", "ours float32", "ours bfloat16", "accuracy", "rounds")
    cells = [
        Cell(model, system.name, precision, mode)
        for precision in PRECISIONS
        for mode in MODES
        for system in (OURS, *PEERS)
    ]
    rows = [_model_row(results, cell) for cell in cells if cell in results.cells]
    return f"{intro}\n{markdown(header, rows)}"


def _model_row(results: Results, cell: Cell) -> list[str]:
    system = SYSTEMS[cell.system]
    ratios = [results.speedup(Cell(cell.model, "ours", precision, "packed"), cell) for precision in PRECISIONS]
    rounds = results.cells[cell]
    accuracy = median(process["test_accuracy"] for item in rounds.values() for process in item["processes"])
    epochs = f" ({system.epochs} epoch)" if system.epochs else ""
    return [
        system.title + epochs,
        cell.precision,
        MODES[cell.mode],
        show(results.seconds(cell)),
        f"{median(map(evaluation_share, rounds.values())):.0%}",
        *(show(ratio, "times") for ratio in ratios),
        f"{accuracy:.1%}",
        str(len(rounds)),
    ]


def _render_targets(results: Results) -> str:
    rows = []
    for target in TARGETS:
        value = target.measure(results)
        wanted = f"at {'most' if target.at_most else 'least'} {_show_number(target.bound, target.unit)}"
        verdict = "not measured" if value is None else "reached" if target.is_reached(value) else "**missed**"
        rows.append([target.text, wanted, show(value, target.unit), verdict])
    return markdown(("target", "wanted", "measured", ""), rows)


def _render_limit(results: Results) -> str:
    cells = [Cell("limit", "limit", precision, mode) for precision in PRECISIONS for mode in MODES]
    rows = []
    for cell in cells:
        gflops = results.spread(cell, lambda item: rate(item, limit_flops()) / 1e9)
        reached = [results.share_of_limit(Cell(model, "ours", cell.precision, cell.mode)) for model in ("fcn", "cnn")]
        rows.append(
            [cell.precision, MODES[cell.mode], show(gflops, "GFLOP/s"), *(show(share, "%") for share in reached)]
        )
    return markdown(("precision", "how", "GFLOP/s", "our FCN's share", "our CNN's share"), rows)


def _render_startup(results: Results) -> str:
    parts = ("import", "data", "build", "trace")
    rows = []
    for model in ("fcn", "cnn"):
        for precision in PRECISIONS:
            cell = Cell(model, "ours", precision, "packed")
            seconds = [results.spread(cell, partial(startup_seconds, part=part)) for part in parts]
            share = results.spread(cell, lambda item: startup_share(item, TASKS_PER_WORKER))
            if share:
                rows.append([model.upper(), precision, *map(show, seconds), show(_scaled(share, results, model), "%")])
    return markdown(("", "precision", *parts, "share"), rows) if rows else ""


def _scaled(share: Spread, results: Results, model: str) -> Spread:
    """Start-up does not grow with the data, the epochs beside it do."""
    factor = results.shares[model]
    return Spread(share.median * factor, share.low * factor, share.high * factor, share.rounds)


def _render_failures(failures: Sequence[str]) -> str:
    return "## Failed\n\n" + "".join(f"- {failure}\n" for failure in failures) if failures else ""


def show(value: Spread | None, unit: str = "s") -> str:
    """Return median and range, such as `0.37 (0.36 to 0.39)`."""
    if value is None:
        return ""
    texts = [_show_number(number, unit) for number in value[:3]]
    return texts[0] if value.rounds == 1 else f"{texts[0]} ({texts[1]} to {texts[2]})"


def _show_number(value: float, unit: str) -> str:
    formats = {"times": f"{value:.2f}", "%": f"{100 * value:.1f} %", "GFLOP/s": f"{value:.0f}"}
    return formats.get(unit, f"{value:.3g}" if value < 100 else f"{value:.0f}")


def markdown(header: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    names = list(header)
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
