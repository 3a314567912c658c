"""Command `fashion-keras tune`: the options of a search."""

import argparse

from fashion_keras.commands import options as given
from fashion_keras.commands.options import Commands, Parser, count, count_from_zero

__all__ = ["add_to", "tune"]


def add_to(commands: "Commands[Parser]") -> None:
    """Declare the command."""
    parser = given.add_command(commands, "tune", tune, "search for good settings, and measure the best beside the base")
    parser.add_argument(
        "space",
        metavar="SPACE",
        help="fcn, fcn_small, fcn_regularised, cnn, cnn_readings, cnn_regularised, or a custom function: "
        "module:function",
    )
    parser.add_argument(
        "--oracle",
        choices=("bayesian", "random", "hyperband", "grid"),
        default="bayesian",
        help="how trials are proposed (default: %(default)s)",
    )
    parser.add_argument(
        "--trials",
        type=count,
        dest="budget",
        metavar="N",
        help="at most so many (default: 40; hyperband and grid: all they have)",
    )
    parser.add_argument(
        "--seed", type=count_from_zero, default=0, metavar="N", help="of the search (default: %(default)s)"
    )
    parser.add_argument("--epochs", type=count, metavar="N", help="of a trial (default: fcn 40, cnn 10, else 50)")
    parser.add_argument(
        "--objective",
        choices=("val_accuracy", "val_loss"),
        default="val_accuracy",
        help="at the last epoch (default: %(default)s)",
    )
    parser.add_argument(
        "--generation",
        type=count,
        metavar="N",
        help="trials proposed before any of them is known (default: 8; random: all)",
    )
    parser.add_argument(
        "--final-seeds",
        type=count_from_zero,
        default=10,
        metavar="N",
        help="measure the best trial beside the base on so many fresh seeds (default: %(default)s; 0: do not)",
    )
    given.add_data_options(parser)
    given.add_out_option(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be searched, and train nothing")
    given.add_execution_options(parser)


def tune(options: argparse.Namespace) -> int:
    """Search."""
    from fashion_keras.tuning.study import TuneOptions
    from fashion_keras.workflows.search import tune
    from fashion_keras.workflows.session import Session, fill

    return tune(fill(TuneOptions, vars(options)), Session.of(vars(options)))
