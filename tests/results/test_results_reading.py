"""Results of others, as they come: what is read, and what is taken for what."""

import gzip
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fashion_keras import judge
from fashion_keras.errors import ResultsError
from fashion_keras.results import Metric, Scores, Selection, extract_scores, read_results
from fashion_keras.results.metrics import find_metric
from fashion_keras.results.names import split_run_name

SGD = [0.88, 0.87, 0.88, 0.89, 0.885]
ADAM = [0.90, 0.89, 0.90, 0.92, 0.91]
RUNS = [(arm, seed, value) for arm, row in (("sgd", SGD), ("adam", ADAM)) for seed, value in enumerate(row)]
LONG = "model,seed,test_accuracy\n" + "".join(f"{arm},{seed},{value}\n" for arm, seed, value in RUNS)


def read(tmp_path: Path, text: str, name: str = "results.csv", **selection: object) -> Scores:
    path = tmp_path / name
    path.write_text(text)
    return extract_scores(read_results(path), Selection(**selection))  # type: ignore[arg-type]


def values(scores: Scores, dataset: str = "") -> dict[str, list[float]]:
    return {arm: np.round(found.values, 6).tolist() for arm, found in scores.datasets[dataset].items()}


WIDE = "seed,sgd,adam\n" + "".join(f"{n},{a},{b}\n" for n, (a, b) in enumerate(zip(SGD, ADAM, strict=True)))
BY_SEED = "model,seed_0,seed_1,seed_2,seed_3,seed_4\n" + "".join(
    f"{arm},{','.join(map(str, row))}\n" for arm, row in (("sgd", SGD), ("adam", ADAM))
)
EUROPEAN = LONG.replace(",", ";").replace(".", ",")
TIDY = "model,seed,metric,value\n" + "".join(
    f"{arm},{seed},accuracy,{value}\n{arm},{seed},loss,1.5\n" for arm, seed, value in RUNS
)
MLFLOW = (
    "run_id,status,start_time,metrics.accuracy,metrics.loss,params.optimizer,params.seed,params.epochs\n"
    + "".join(f"r{arm}{seed},FINISHED,2026,{value},1.0,{arm},{seed},10\n" for arm, seed, value in RUNS)
)
WANDB = (
    '"Name","State","Notes","User","Tags","Created","Runtime","Sweep","epochs","learning_rate","seed","_runtime",'
    '"_step","_timestamp","best_epoch","epoch","accuracy","loss"\n'
    '"dead-sun-99","crashed","-","me","","2026-01-01T00:00:00.000Z","3","","20","adam","9","","","","","","",""\n'
) + "".join(
    f'"fine-sun-{number}","finished","-","me","a,b","2026-01-01T00:00:0{seed}.000Z","{60 + number}","","20","{arm}",'
    f'"{seed}","{60 + number}.5","1000","17{number}.25","{7 + seed % 2}","19","{value}","0.4"\n'
    for number, (arm, seed, value) in enumerate(RUNS)
)
WANDB_API = ",summary,config,name\n" + "".join(
    f"{number},\"{{'accuracy': {value}, 'loss': nan, '_step': 9, '_wandb': {{'runtime': {number}}}}}\","
    f"\"{{'lr': '{arm}', 'seed': {seed}, 'layers': [3, 2], 'drop': None}}\",fine-sun-{number}\n"
    for number, (arm, seed, value) in enumerate(RUNS)
)
RUN_NAMES = "run,accuracy\n" + "".join(f"{arm}-seed{seed},{value}\n" for arm, seed, value in RUNS)
PERCENT = "model,seed,accuracy\n" + "".join(f"{arm},{seed},{100 * value:.1f}\n" for arm, seed, value in RUNS)
EPOCHS = "model,seed,epoch,accuracy\n" + "".join(
    f"{arm},{seed},{epoch},{value if epoch == 2 else 0.1}\n" for arm, seed, value in RUNS for epoch in (2, 0, 1)
)
LINES = "".join(
    json.dumps({"config": {"optimizer": arm}, "seed": seed, "accuracy": value}) + "\n" for arm, seed, value in RUNS
)
_CURVES = [f'"{arm}-s{seed} - {name}' for arm, seed, _ in RUNS for name in ("_step", "accuracy")]
CHART = (
    ",".join(['"Step"', *(f'{name}{end}"' for name in _CURVES for end in ("", "__MIN", "__MAX"))])
    + '\n"0",'
    + ",".join(["0,0,0", "0.1,0.1,0.1"] * 10)
    + '\n"1",'
    + ",".join(f"1,1,1,{value},{value},{value}" for *_, value in RUNS)
    + '\n"2",'
    + ",".join(['"","",""'] * 20)
    + "\n"
)
SHAPES = {
    "long": ("results.csv", LONG),
    "a column for each arm": ("results.csv", WIDE),
    "a column for each seed": ("results.csv", BY_SEED),
    "semicolons and decimal commas": ("results.csv", EUROPEAN),
    "semicolons and percent signs": ("results.csv", PERCENT.translate({44: ";", 46: ","}).replace("\n", " %\n")),
    "a row for each metric": ("results.csv", TIDY),
    "MLflow's runs": ("runs.csv", MLFLOW),
    "W&B's runs": ("wandb.csv", WANDB),
    "W&B's runs by its interface": ("project.csv", WANDB_API),
    "W&B's chart": ("chart.csv", CHART),
    "W&B's chart of a metric of no usual name": ("chart.csv", CHART.replace("accuracy", "quality_of_it")),
    "names that hold the seed": ("results.csv", RUN_NAMES),
    "percent": ("results.csv", PERCENT),
    "epochs": ("history.csv", EPOCHS),
    "JSON lines": ("results.jsonl", LINES),
    "a JSON list": ("results.json", "[" + ",".join(LINES.splitlines()) + "]"),
    "a JSON object of columns": ("results.json", json.dumps({"seed": [*range(5)], "sgd": SGD, "adam": ADAM}, indent=1)),
    "a JSON object of arms": ("results.json", json.dumps({"sgd": dict(enumerate(SGD)), "adam": dict(enumerate(ADAM))})),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_same_values_and_seeds(shape: str, tmp_path: Path) -> None:
    name, text = SHAPES[shape]
    scores = read(tmp_path, text, name)
    assert values(scores) == {"sgd": SGD, "adam": ADAM}
    assert [seed[-1] for seed in scores.datasets[""]["adam"].seeds or ()] == ["0", "1", "2", "3", "4"]
    assert scores.baseline == "sgd"
    assert scores.metric.higher_is_better
    assert scores.metric.is_share


def test_an_epoch_that_is_there_twice_does_no_harm_before_the_last_one(tmp_path: Path) -> None:
    assert values(read(tmp_path, EPOCHS + "adam,4,1,0.2\n"))["adam"] == ADAM


def test_runs_that_end_at_different_epochs_are_said_to(tmp_path: Path) -> None:
    assert "counts, 2 to 7" in read(tmp_path, EPOCHS + "adam,4,7,0.8\n").taken


def test_a_wide_table_of_several_data_sets_is_judged_on_each(tmp_path: Path) -> None:
    head, *lines = WIDE.splitlines()
    text = "\n".join([f"dataset,{head}", *(f"{name},{line}" for name in ("a", "b") for line in lines)])
    scores = read(tmp_path, text)
    assert values(scores, "a") == values(scores, "b") == {"sgd": SGD, "adam": ADAM}
    with pytest.raises(ResultsError, match="one value of arm 'sgd' on 'a'"):
        read(tmp_path, "dataset,sgd,adam\na,0.1,0.2\nb,0.1,0.2\n")


def test_a_metric_of_a_row_of_its_own_is_found_whatever_its_case(tmp_path: Path) -> None:
    assert values(read(tmp_path, TIDY, metric="Loss"))["adam"] == [1.5] * 5


def test_runs_that_did_not_finish_are_left_out_and_said(tmp_path: Path) -> None:
    scores = read(tmp_path, MLFLOW + "x,FAILED,2026,,,adam,9,10\n")
    assert values(scores)["adam"] == ADAM
    assert "1 run that did not finish left out" in scores.taken


def test_an_empty_field_of_a_run_that_diverged_is_the_worst(tmp_path: Path) -> None:
    lines = [f"{arm},{seed},finished,{value}" for arm in "ab" for seed, value in enumerate((0.3, 0.4, 0.5))]
    text = "\n".join(["arm,seed,status,loss", *lines, "b,3,diverged,"])
    assert values(read(tmp_path, text))["b"] == [0.3, 0.4, 0.5, np.inf]


def test_an_empty_field_of_a_wide_table_is_no_run(tmp_path: Path) -> None:
    assert values(read(tmp_path, WIDE + "5,0.89,\n")) == {"sgd": [*SGD, 0.89], "adam": ADAM}


def test_logs_of_tensorboard_are_read_without_tensorflow(tmp_path: Path) -> None:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    for arm, seed, value in RUNS:
        folder = tmp_path / "logs" / arm / f"seed_{seed}" / "validation"
        folder.mkdir(parents=True)
        with (folder / "events.out.tfevents.1").open("wb") as file:
            writer = RecordWriter(file)
            for step, number in ((0, 0.1), (1, value)):
                summary = Summary(value=[Summary.Value(tag="epoch_accuracy", simple_value=number)])
                writer.write(Event(step=step, summary=summary).SerializeToString())
    (tmp_path / "logs" / "adam" / "seed_0" / "validation" / "events.out.tfevents.1").open("ab").write(b"\x99\0\0")
    with (tmp_path / "logs" / "adam" / "seed_1" / "validation" / "events.out.tfevents.0").open("wb") as file:
        file.write((2**25).to_bytes(8, "little") + bytes(2**25 + 8))  # a large picture
    program = f"""
import sys
from fashion_keras import judge
found = judge({str(tmp_path / "logs")!r}, baseline="sgd")
assert found.metric.name == "validation/epoch_accuracy", found.metric
assert found.verdicts == {{"adam": "better"}}, found
assert abs(found.comparisons[0].mean_difference - {np.mean(ADAM) - np.mean(SGD)}) < 1e-6
assert not {{"tensorflow", "pandas"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_metric_is_found_by_its_name_and_its_part_of_the_data() -> None:
    assert find_metric(["seconds", "train_accuracy", "val_loss", "val_accuracy", "test_loss"]) == "test_loss"
    assert find_metric(["epoch_accuracy", "val_accuracy"]) == "epoch_accuracy"
    assert find_metric(["width", "accuracy_of_adam"]) is None


@pytest.mark.parametrize(
    ("name", "numbers", "higher", "share"),
    [
        ("test_loss", [0.3, 0.4], False, False),
        ("error_rate", [0.3, 0.4], False, True),
        ("macro F1", [0.3, 0.4], True, True),
        ("seconds", [0.3, 0.4], False, False),
        ("reward", [-3.0, 400.0], True, False),
        ("Accuracy", [91.0, 92.0], True, True),
        ("negative_log_likelihood", [0.3, 0.4], False, False),
        ("test_neg_mean_squared_error", [-0.3, -0.4], True, False),
        ("mean_squared_error", [0.3, 0.4], False, False),
        ("logloss", [0.3, 0.4], False, False),
        ("images_per_second", [0.3, 0.4], True, False),
        ("seconds_per_step", [0.3, 0.4], False, False),
    ],
)
def test_direction_and_bounds_follow_the_name(name: str, numbers: list[float], higher: bool, share: bool) -> None:
    metric = Metric.of(name, numbers)
    assert (metric.higher_is_better, metric.is_share) == (higher, share)
    assert Metric.of(name, numbers, not higher).higher_is_better is not higher


def test_a_direction_that_was_guessed_and_folds_that_are_no_seeds_are_said(tmp_path: Path) -> None:
    guess = "a guess, --lower-is-better says otherwise"
    assert guess in read(tmp_path, WIDE).taken
    assert guess not in read(tmp_path, LONG).taken + read(tmp_path, WIDE, higher_is_better=True).taken
    assert "folds share training examples" in read(tmp_path, LONG.replace("seed", "fold")).taken


def test_arms_may_be_named_by_several_columns(tmp_path: Path) -> None:
    text = "optimizer,rate,seed,accuracy\n" + "".join(
        f"{arm},{rate},{seed},{value - rate}\n" for arm, seed, value in RUNS for rate in (0.1, 0.2)
    )
    with pytest.raises(ResultsError, match="of two columns A,B"):
        read(tmp_path, text)
    found = values(read(tmp_path, text, arm="optimizer, rate"))
    assert found["optimizer=adam, rate=0.2"] == np.round(np.array(ADAM) - 0.2, 6).tolist()
    assert len(found) == 4


@pytest.mark.parametrize(("head", "sign"), [("error", "%"), ("error_pct", ""), ("test error (%)", "")])
def test_percent_below_one_is_told_by_its_sign_or_its_name(head: str, sign: str, tmp_path: Path) -> None:
    lines = [f"{arm},{seed},0.{arm_error}{seed}{sign}" for arm, arm_error in (("a", 4), ("b", 5)) for seed in range(5)]
    scores = read(tmp_path, "\n".join([f"model,seed,{head}", *lines]))
    assert scores.datasets[""]["a"].values[0] == pytest.approx(0.004)
    assert scores.metric.was_percent


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("adam/seed_3", ("adam", "3")),
        ("adam_lr0.1-s12", ("adam_lr0.1", "12")),
        ("adam/version_0", ("adam", "0")),
        ("adamseed4", ("adam", "4")),
        ("adam", ("adam", None)),
        ("resnet50", ("resnet50", None)),
    ],
)
def test_names_of_runs_hold_arm_and_seed(name: str, expected: tuple[str, str | None]) -> None:
    assert split_run_name(name) == expected


@pytest.mark.parametrize(
    ("text", "selection", "said"),
    [
        ("", {}, "results.csv is empty"),
        ("model,seed,accuracy\n", {}, "no rows"),
        ("0,1,2\n3,4,5\n", {}, "must name the columns"),
        ("model,model,accuracy\na,b,1\n", {}, "two columns 'model'"),
        (LONG + "adam,9,0.9,7\n", {}, "results.csv:12 has 4 fields"),
        (LONG, {"metric": "acuracy"}, "did you mean 'test_accuracy'?"),
        (TIDY, {"metric": "acuracy"}, "no metric 'acuracy'; did you mean 'accuracy'?"),
        (LONG, {"baseline": "sdg"}, "no arm 'sdg'; did you mean 'sgd'?"),
        (LONG + "adam,5,nan\n", {}, "results.csv:12 has 'nan' in column 'test_accuracy'"),
        (LONG + "adam,5,\n", {}, "results.csv:12 has nothing in column 'test_accuracy'"),
        (LONG + "adam,5,oops\n", {}, "results.csv:12 has 'oops'"),
        (LONG + "adam,4,0.9\n", {}, "results.csv:11 and results.csv:12 are both arm 'adam', seed '4'"),
        (LONG + "rmsprop,0,0.9\n", {}, "one value of arm 'rmsprop'"),
        ("model,seed,accuracy\na,0,0.9\na,1,0.8\n", {"arm": "model"}, "one arm"),
        ("model,seed,accuracy\na,0,0.9\na,1,0.8\n", {}, "one arm, 'a', in 'model'"),
        ("model,accuracy\na,0.9\nb,0.8\nc,0.7\n", {}, "one value of arm 'a'"),
        ("model,seed,width,depth\na,0,1,2\nb,0,3,4\n", {}, "--metric COLUMN; it has width, depth"),
        ("model,seed,accuracy\na,0,0.9\nb,0,93\n", {}, "mixes fractions and percent"),
        (EPOCHS + "adam,4,2,0.8\n", {}, "results.csv:29 and results.csv:32 are both arm 'adam', seed '4'"),
        ("model,epoch,accuracy\na,0,0.9\na,1,0.8\nb,0,0.9\nb,1,0.8\n", {}, "none that tells runs apart"),
    ],
)
def test_a_mistake_is_one_line_that_names_place_and_remedy(
    text: str, selection: dict[str, str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(ResultsError) as error:
        read(tmp_path, text, **selection)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_frames_mappings_and_lists_are_judged_alike(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    (tmp_path / "results.csv").write_text(LONG)
    frame = pandas.read_csv(tmp_path / "results.csv")
    frame.to_parquet(tmp_path / "results.parquet")
    rows = frame.to_dict("records")
    columns = {name: list(frame[name]) for name in frame.columns}
    indexed = frame.set_index(["model", "seed"])
    given = (tmp_path / "results.csv", frame, tmp_path / "results.parquet", rows, columns, indexed)
    found = [judge(each) for each in given]
    assert {each.comparisons for each in found} == {found[0].comparisons}
    assert found[0].to_dataframe()["verdict"].tolist() == ["better"]
    nested = {arm: dict(enumerate(row)) for arm, row in (("sgd", SGD), ("adam", ADAM))}
    wide = [judge(each, margin=0.002) for each in (nested, pandas.DataFrame(nested).rename_axis("seed"))]
    assert {each.comparisons for each in wide} == {found[0].comparisons}


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_judged_or_refused_in_one_line(content: bytes) -> None:
    _judge_or_refuse(content, "results.csv")
    _judge_or_refuse(content, "results.jsonl")


_FIELDS = st.one_of(
    st.sampled_from(
        ["", "nan", "inf", "1e308", "-1e308", "1e-320", "1e400", "0", "1", "0.5", "a", "b", "\0", "é", '"']
    ),
    st.floats(allow_nan=True).map(str),
    st.text(max_size=5),
)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_any_table_is_judged_or_refused_in_one_line(data: st.DataObject) -> None:
    heads = data.draw(
        st.lists(
            st.sampled_from(
                ["arm", "seed", "accuracy", "loss", "example", "correct", "dataset", "epoch", "state", "x"]
            ),
            min_size=1,
            max_size=6,
            unique=True,
        )
    )
    rows = data.draw(st.lists(st.lists(_FIELDS, max_size=len(heads)), max_size=14))
    text = "\n".join(",".join(row) for row in [heads, *rows])
    _judge_or_refuse(text.encode("utf-8", "surrogatepass"), "results.csv")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-1e100, 1e100), min_size=12, max_size=12),
    st.sampled_from(["accuracy", "loss", "reward"]),
    st.booleans(),
)
def test_numbers_of_any_size_get_an_answer(numbers: list[float], metric: str, paired: bool) -> None:
    rows = {"arm": ["a"] * 6 + ["b"] * 6, "seed": [*range(6)] * 2, metric: numbers}
    if not paired:
        del rows["seed"]
    try:
        (found,) = judge(rows).comparisons
    except ResultsError:
        return
    assert found.interval is not None
    assert not np.isnan([found.mean_difference, *found.interval]).any()


@pytest.mark.parametrize(
    "wide", ["seed," + ",".join(f"c{n}" for n in range(100_000)), "model,seed," + "x," * 99_999 + "y"]
)
def test_a_hundred_thousand_columns_are_refused_in_one_line(wide: str) -> None:
    _judge_or_refuse(f"{wide}\n{'1,' * (wide.count(','))}1\n{'2,' * (wide.count(','))}1\n".encode(), "results.csv")


def _judge_or_refuse(content: bytes, name: str) -> None:
    refused = ""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            said = str(judge(path))
        except ResultsError as error:
            refused = said = str(error)
    assert said.replace("\n", "" if not refused else "\n").isprintable()


@pytest.mark.parametrize(
    "content", ["arm,seed,accuracy\nn\xe4h,0,0.9\n".encode("latin-1"), gzip.compress(LONG.encode())]
)
def test_what_is_no_text_is_refused_with_the_remedy(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "results.csv").write_bytes(content)
    with pytest.raises(ResultsError, match=r"^results.csv:\d is no UTF-8 text; save it so"):
        read_results(tmp_path / "results.csv")


@pytest.mark.parametrize("text", [LONG, '{"arm": "a", "seed": 0, "accuracy": 0.9}\n'])
def test_a_pipe_is_read_by_its_content(text: str, tmp_path: Path) -> None:
    path = tmp_path / "11"  # a pipe's name
    path.write_text(text)
    assert "seed" in read_results(path).columns


def test_what_never_ends_is_refused_in_one_line() -> None:
    with pytest.raises(ResultsError, match=r"^zero goes on after 512 MiB; [^\n]*$"):
        read_results("/dev/zero")
