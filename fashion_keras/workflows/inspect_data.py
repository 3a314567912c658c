"""Inspection of a data set: where it is, whether it is the real one, what it looks like."""

from rich.markup import escape
from rich.table import Table

from fashion_keras.data import Dataset, class_counts
from fashion_keras.data.orders import epoch_orders
from fashion_keras.data.splits import split_dataset
from fashion_keras.experiments.definition import BASE
from fashion_keras.workflows.session import Session

__all__ = ["describe_dataset"]


def describe_dataset(session: Session) -> None:
    """Print origin, hashes and class counts of the session's data and draw the report's two pictures under `out`/data.

    Raises:
        DataError: There is no such data.
        StoreError: The pictures cannot be written.
    """
    from fashion_keras.reporting.samples import draw_data

    say, dataset = session.say, session.dataset
    verdict = "verified by its hashes" if dataset.is_fashion_mnist else "your own data: no published results apply"
    say(f"{dataset.name}: {dataset.origin}, {verdict}")
    say(f"Read from: {dataset.place}")
    height, width, channels = dataset.image_shape
    validation = f", {len(dataset.val_images):,} validation" if dataset.val_images is not None else ""
    say(
        f"{len(dataset.train_images):,} training{validation} and {len(dataset.test_images):,} test images of "
        f"{height}x{width}x{channels}"
    )
    # Of one's own data the one hash that runs are stored under: it has no files of the usual names.
    hashes = dataset.file_hashes if dataset.is_fashion_mnist else {"decoded images and labels": dataset.content_hash}
    for name, digest in hashes.items():
        say(f"{digest}  {name}")
    session.console.print(_count_table(dataset))
    train, _ = split_dataset(dataset, BASE.validation_fraction, BASE.seed)
    order = train[epoch_orders(len(train), 1, BASE.seed)[0]]
    say(f"Pictures: {', '.join(map(str, draw_data(dataset, order, session.out / 'data')))}")


def _count_table(dataset: Dataset) -> Table:
    counts = class_counts(dataset)
    table = Table("id", "class", *counts, box=None)
    for number, name in enumerate(dataset.class_names):
        table.add_row(str(number), escape(name), *(f"{count[number]:,}" for count in counts.values()))
    return table
