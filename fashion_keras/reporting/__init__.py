"""Finished comparisons for people: tables, curves and the files of a report. Reads results; knows no TensorFlow.

`figures` and `samples` need matplotlib and are imported where a picture is drawn, so that tables do without it.
"""

from fashion_keras.reporting.against_report import batch_mean_accuracy, build_against_report
from fashion_keras.reporting.differences import build_differences, compare_with_baseline, describe_power
from fashion_keras.reporting.rendering import runs_csv, to_csv, to_markdown
from fashion_keras.reporting.report import Report, write_report
from fashion_keras.reporting.summary import build_table
from fashion_keras.reporting.sweep import build_tuning_tables
from fashion_keras.reporting.tables import Cell, Column, Row, Table
from fashion_keras.reporting.terminal import answer_text, print_answer, print_tables, to_rich

__all__ = [
    "Cell", "Column", "Report", "Row", "Table", "answer_text", "batch_mean_accuracy", "build_against_report",
    "build_differences", "build_table", "build_tuning_tables", "compare_with_baseline", "describe_power",
    "print_answer", "print_tables", "runs_csv", "to_csv", "to_markdown", "to_rich", "write_report",
]  # fmt: skip
