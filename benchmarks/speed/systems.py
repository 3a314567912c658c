"""What is compared: each library at each precision, as a user runs it and packed like ours."""

from dataclasses import dataclass

# The C library gives arrays above 32 MB back to the system at once, and takes them again page by page at the next
# step. Keeping them makes PyTorch's CNN a quarter faster; TensorFlow and JAX do not care.
KEEP_MEMORY = (("MALLOC_MMAP_THRESHOLD_", "4000000000"), ("MALLOC_TRIM_THRESHOLD_", "8000000000"))
JAX_ONE_THREAD = (("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false"), ("NPROC", "1"))


@dataclass(frozen=True)
class System:
    """One way to train.

    Attributes:
        name: For options and files.
        title: For the table.
        module: The module of this package whose `run` does it.
        peer: Whether it runs in the peers' environment and not in the package's.
        precisions: Those that it is measured at.
        modes: `user`: one process on all cores. `packed`: one process of one thread on each core.
        models: Those that it is measured on.
        left_out: A model and a precision that it is not measured at.
        epochs: Measured epochs where they are fewer than the others'.
        loading_workers: Processes of PyTorch's DataLoader.
        variables: Environment variables of its processes.
        packed_variables: Further ones of processes of one thread.
    """

    name: str
    title: str
    module: str
    peer: bool = True
    precisions: tuple[str, ...] = ("float32", "bfloat16")
    modes: tuple[str, ...] = ("user", "packed")
    models: tuple[str, ...] = ("fcn", "cnn")
    left_out: tuple[str, str] | None = None
    epochs: int | None = None
    loading_workers: int = 0
    variables: tuple[tuple[str, str], ...] = ()
    packed_variables: tuple[tuple[str, str], ...] = ()


LIMIT = System("limit", "large matrix products, TensorFlow", "limit", peer=False, models=("limit",), epochs=3)
OURS = System("ours", "fashion_keras", "ours", peer=False)
PEERS = (
    System("keras", "Keras `fit` on arrays", "keras_fit", peer=False),
    System("pytorch", "PyTorch, data in memory", "pytorch_memory", variables=KEEP_MEMORY),
    System(
        "jax",
        "JAX with optax, an epoch jitted",
        "jax_epoch",
        left_out=("cnn", "bfloat16"),  # two minutes an epoch of one core, where float32 takes 80 s
        packed_variables=JAX_ONE_THREAD,
    ),
    System(
        "loader0",
        "PyTorch, DataLoader over samples, 0 workers",
        "pytorch_dataloader",
        precisions=("float32",),
        models=("fcn",),
        epochs=1,
    ),
    # Two loading workers beside each packed run would be six processes on two cores: not a way to be fast.
    System(
        "loader2",
        "PyTorch, DataLoader over samples, 2 workers",
        "pytorch_dataloader",
        precisions=("float32",),
        modes=("user",),
        models=("fcn",),
        epochs=1,
        loading_workers=2,
    ),
)
SYSTEMS = {system.name: system for system in (LIMIT, OURS, *PEERS)}


@dataclass(frozen=True)
class Cell:
    """What one measurement is of, and one line of the table."""

    model: str
    system: str
    precision: str
    mode: str


def plan_cells(models: tuple[str, ...], systems: tuple[str, ...], modes: tuple[str, ...]) -> list[Cell]:
    """Return every cell of these models, systems and modes, model by model; the limit has a model of its own."""
    return [
        Cell(model, name, precision, mode)
        for model in ("limit", *models)
        for name in systems
        if model in SYSTEMS[name].models
        for precision in SYSTEMS[name].precisions
        if (model, precision) != SYSTEMS[name].left_out
        for mode in SYSTEMS[name].modes
        if mode in modes
    ]


def rotate(cells: list[Cell], number: int, rounds: int) -> list[Cell]:
    """Return the cells of one of several rounds: each round starts further on, so that none is always first."""
    start = number * len(cells) // rounds
    return cells[start:] + cells[:start]
