"""What is timed, and the file of what was measured."""

from dataclasses import replace

import pytest
from timing_runs import make_all_times, make_measurement, make_times

from fashion_keras.errors import StoreError
from fashion_keras.storage.times import TIMES, Times, load_times, read_times, timed_arms, times_text


def test_every_row_of_the_report_is_timed_once():
    arms = timed_arms()
    assert [arm.names[0] for arm in arms] == [
        "learning_rates/sgd_0.02",
        "learning_rates/sgd_0.05",
        "optimizers/rmsprop",
        "optimizers/adam",
        "dropout/dropout_0.1",
        "initializers/random_normal",
        "initializers/xavier_normal",
        "initializers/he_uniform",
        "batch_norm/batch_norm_0.008",
        "cnn/cnn",
    ]
    assert len({arm.config for arm in arms}) == len(arms)


def test_the_base_has_its_name_in_every_comparison_and_the_report_s_minutes():
    base, *_, cnn = timed_arms()
    assert base.names == (
        "learning_rates/sgd_0.02",
        "optimizers/sgd",
        "dropout/no_dropout",
        "initializers/default",
        "batch_norm/no_batch_norm",
        "cnn/fcn_sgd",
    )
    assert (base.published_minutes, base.config.epochs) == (13.65, 50)
    assert (cnn.published_minutes, cnn.config.epochs) == (12.5, 10)


def test_what_is_written_is_read_again(tmp_path):
    times = make_all_times()
    (tmp_path / TIMES).write_text(times_text(times.measurements))
    assert load_times(tmp_path) == times
    assert times_text(read_times(tmp_path / TIMES).measurements) == (tmp_path / TIMES).read_text()


def test_a_folder_without_timing_runs_has_none(tmp_path):
    assert load_times(tmp_path) is None
    with pytest.raises(StoreError, match=r"times\.csv is not there; `python -m benchmarks.times` makes it"):
        read_times(tmp_path / TIMES)


def test_company_that_is_not_known_is_an_empty_field(tmp_path):
    path = tmp_path / TIMES
    path.write_text(times_text([make_measurement("cnn/cnn", other_cores=float("nan"))]))
    assert ",,1,float32," in path.read_text()
    (measurement,) = read_times(path).measurements
    assert str(measurement.other_cores) == "nan"


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace("epoch_seconds", "epochs_seconds"),
        lambda text: text.replace(",0.5,", ",half,"),
        lambda text: text.replace(",0.5,", ",0,"),
        lambda text: text.replace(",0.5,", ",,"),
        lambda text: text[: len(text) - 60],
    ],
)
def test_a_damaged_file_is_one_line_that_says_how_to_mend_it(tmp_path, damage):
    path = tmp_path / TIMES
    path.write_text(damage(times_text([make_measurement("cnn/cnn")])))
    with pytest.raises(
        StoreError, match=r"times\.csv is damaged: .*move it away, and `python -m benchmarks.times` makes it"
    ) as told:
        read_times(path)
    assert "\n" not in str(told.value)


def test_times_of_another_protocol_are_refused(tmp_path):
    path = tmp_path / TIMES
    path.write_text(times_text([replace(make_measurement("cnn/cnn"), protocol=99)]))
    with pytest.raises(StoreError, match="protocol version 99, this program 1"):
        read_times(path)


def test_an_arm_is_found_by_each_of_its_names_and_by_no_part_of_one():
    times = make_times({"optimizers/sgd": [1.0, 2.0], "cnn/cnn": [3.0]})
    assert times.of("learning_rates/sgd_0.02") == times.of("cnn/fcn_sgd") == times.of("optimizers/sgd")
    assert sorted(times.of("cnn/fcn_sgd")) == [1, 2]
    assert times.of("optimizers/sg") == {}


def test_ratios_are_of_whole_runs_in_the_rounds_that_both_have():
    times = make_times({"optimizers/sgd": [1.0, 2.0, 4.0], "cnn/cnn": [5.0, 10.0]})  # 50 epochs, 10 epochs
    assert times.log_ratios("cnn/cnn", "optimizers/sgd").tolist() == [0.0, 0.0]
    assert times.log_ratios("optimizers/sgd", "cnn/cnn").tolist() == [0.0, 0.0]


def test_training_alone_leaves_the_evaluations_out():
    slow_to_evaluate = make_measurement("optimizers/adam", seconds=1.0, epoch_seconds=9.0)
    times = Times((make_measurement("optimizers/sgd"), slow_to_evaluate))
    names = ("optimizers/adam", "optimizers/sgd")
    assert times.log_ratios(*names, training_alone=True).tolist() == [0.0]
    assert times.log_ratios(*names).tolist() == pytest.approx([2.1972], abs=1e-4)
