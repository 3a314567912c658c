"""Reports of finished comparisons, made again from a store or from what was published. Trains nothing."""

import contextlib
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from fashion_keras.claims import ClaimResult, evaluate_claims
from fashion_keras.data import Dataset, load, locate
from fashion_keras.errors import ConfigError, DataError
from fashion_keras.execution.local import available_cores
from fashion_keras.experiments.names import ALL_NAMES
from fashion_keras.formatting import print_plain
from fashion_keras.reporting import Report, print_answer, print_tables, write_report
from fashion_keras.reporting.claims import claims_page
from fashion_keras.reporting.gates import exit_status
from fashion_keras.reporting.records import comparison_to_json, print_json
from fashion_keras.reporting.tensorboard import write_logs
from fashion_keras.reporting.terminal import answered_anyway
from fashion_keras.storage.comparison import ComparisonResults
from fashion_keras.storage.files import write_files
from fashion_keras.storage.runs import RunStore
from fashion_keras.storage.stored_comparisons import load_stored
from fashion_keras.storage.times import Times, load_times
from fashion_keras.workflows.published import PUBLISHED, complete_publishing, load_published
from fashion_keras.workflows.session import DataOptions, make_console

__all__ = [
    "CLAIMS_PAGE", "PUBLISHED_REPORTS", "overall_pages", "report_comparisons", "report_page",
]  # fmt: skip

PUBLISHED_REPORTS = "published"
"""The folder within `--out` of the reports of published runs: a user's own stay as they are."""

CLAIMS_PAGE = "claims.md"
"""Which of the report's claims hold."""


def report_comparisons(
    names: Sequence[str],
    out: Path,
    published: Path | None,
    console: Console,
    pictures: Sequence[str] = ("png", "svg"),
    tensorboard: Path | None = None,
    explain: bool = False,
    as_json: bool = False,
    requirement: str | None = None,
) -> int:
    """Write and print the tables of comparisons that were run before, draw their curves, and judge the report's claims.

    Args:
        names: Of the comparisons, see `load_stored`; none is all that are there, and the claims.
        out: The folder that holds the store, and gets the tables; those of published runs go into its `published/`.
        published: Read the runs and the timing runs that were published in this folder instead of those in `out`. Where
            `out` has no timing runs, those in `PUBLISHED` are taken, if any.
        console: Where to print.
        pictures: Formats of the curves; with none, tables and pages alone are written.
        tensorboard: The folder of TensorBoard's logs; None writes none.
        explain: Print all tables with their footnotes too.
        as_json: Print JSON on standard output.
        requirement: What every arm must be, see `Report.require`; None is nothing.

    Returns:
        The exit status: 0, or that of what is required, see `exit_status`.

    Raises:
        ConfigError: A name is unknown.
        StoreError: A comparison that was named has no runs, or none has.
    """
    say = partial(print_plain, console)
    found = load_published(published, names) if published else load_stored(RunStore(out / "store"), names, say)
    times = _find_times(out, published)
    out = out / PUBLISHED_REPORTS if published else out
    aloud = make_console({}) if console.quiet else console
    content, gates = [], []
    for results in found:
        report, folder = Report(results), out / results.record.folder
        print_tables(console, report, explain=explain)
        with answered_anyway(aloud, report):
            paths = write_report(report, folder, pictures=pictures, published=published is not None)
        if as_json:
            content.append(comparison_to_json(report, requirement) | {"files": list(map(str, paths))})
        say(f"Written to {folder}: table.md and {len(paths) - 1} more files")
        if tensorboard is not None:
            say(write_logs(results, tensorboard / folder.name))
        print_answer(aloud, report, workers=available_cores())
        if requirement is not None:
            gates.append(report.require(requirement))
            print_plain(aloud, gates[-1].why)
    if not names:
        pages = overall_pages(found, times)
        write_files(out, pages)
        if pages:
            say(f"Which of the report's claims hold: {out / CLAIMS_PAGE}")
    if as_json:
        print_json({"comparisons": content})
    return exit_status(gates) if requirement is not None else 0


def report_page(
    names: Sequence[str], out: Path, published: Path | None, path: Path, console: Console, data: DataOptions
) -> int:
    """Write one self-contained HTML page over comparisons that were run before.

    Args:
        names, out, published, console: As in `report_comparisons`.
        path: The page's file.
        data: The user's own data, for confusions and mistakes; where it is not given, comparisons know where it was.

    Raises:
        UserError: A name is unknown; a comparison that was named has no runs, or none has; the data is another's; or
            the page cannot be written.
    """
    from fashion_keras.reporting.html import build_page  # jinja2, which the tables do without

    say = partial(print_plain, console)
    found = load_published(published, names) if published else load_stored(RunStore(out / "store"), names, say)
    claims = () if names else _judge_claims(found, _find_times(out, published))
    page = build_page(found, claims, () if published else _find_data(found, data)).encode()
    write_files(path.parent, {path.name: page})
    size = f"{len(page) / 1e6:.1f} MB"
    say(f"Written to {path} ({size})")
    return 0


def _find_times(out: Path, published: Path | None) -> Times | None:
    if published:
        return load_times(published)
    complete_publishing(PUBLISHED)
    return load_times(out) or load_times(PUBLISHED)


def _find_data(found: Sequence[ComparisonResults], options: DataOptions) -> Iterator[Dataset]:
    """Yield the data of comparisons, as far as it is on this machine: a page can do without, and says so."""
    described = [results.record.data for results in found]
    places = {(data.get("path"), tuple(data.get("image_size") or ())): None for data in described}
    if options.dataset:
        given = locate(dataset=options.dataset, image_size=options.image_size)
        if given.content_hash not in [data["content_hash"] for data in described]:
            names = ", ".join(sorted({str(data["name"]) for data in described}))
            raise ConfigError(
                f"--dataset {options.dataset} is none of the data that these comparisons were run on ({names}), or has "
                "changed since; give that one, at the same --image-size"
            )
        yield load(given)
    for path, image_size in places:
        with contextlib.suppress(DataError):
            yield load(locate(dataset=path, offline=True, image_size=image_size or None))


def overall_pages(found: Sequence[ComparisonResults], times: Times | None) -> dict[str, str]:
    """Return the pages over all comparisons by their files' names: the claims, if any."""
    claims = _judge_claims(found, times)
    return {CLAIMS_PAGE: claims_page(claims)} if claims else {}


def _judge_claims(found: Sequence[ComparisonResults], times: Times | None) -> Sequence[ClaimResult]:
    """Judge the report's claims by its comparisons as they stand; where none of them was run, nothing is judged."""
    plain = [results for results in found if results.record.name in ALL_NAMES and results.record.is_plain]
    return evaluate_claims(plain, times) if plain else ()
