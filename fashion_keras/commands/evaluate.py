"""`fashion-keras evaluate`."""

import argparse
from pathlib import Path

from fashion_keras.commands.options import Commands, Parser, add_command, add_data_options, path

__all__ = ["add_to", "evaluate"]


def add_to(commands: "Commands[Parser]") -> None:
    """Declare the command."""
    parser = add_command(commands, "evaluate", evaluate, "test an exported model and draw its mistakes")
    parser.add_argument("model", metavar="MODEL", help="name of a shipped model, or folder of a SavedModel")
    add_data_options(parser)
    parser.add_argument("--out", type=path, metavar="DIR", help="folder of the results (default: runs/evaluate/NAME)")
    parser.add_argument("--json", action="store_true", help="print the results as JSON instead of tables")


def evaluate(options: argparse.Namespace) -> int:
    """Evaluate a model on a test set, print what was found and write it with its pictures."""
    from rich.console import Console

    from fashion_keras.inference.classifier import load_model
    from fashion_keras.reporting.evaluation_tables import print_evaluation
    from fashion_keras.workflows.evaluate import (
        describe_evaluation,
        evaluate_model,
        short_name,
        to_json,
        write_evaluation,
    )
    from fashion_keras.workflows.session import Session

    console = Console()
    # With --json, what is no result must not be among it.
    session = Session.of(vars(options), Console(stderr=True) if options.json else console)
    model, dataset = load_model(options.model), session.dataset
    evaluation = evaluate_model(model, dataset)
    record = describe_evaluation(evaluation, model, options.model, dataset)
    session.say(f"{options.model} on {dataset.name} ({dataset.origin})")
    if options.json:
        print(to_json(record), end="")
    else:
        print_evaluation(evaluation, dataset.class_names, console)
    folder = options.out or Path("runs", "evaluate", short_name(options.model))
    paths = write_evaluation(evaluation, record, dataset, folder)
    session.say(f"Written to {folder}: {', '.join(path.name for path in paths)}")
    return 0
