"""PyTorch tuned by hand: the images normalised once and kept in memory, whole batches gathered into one buffer."""

from collections.abc import Iterator

import torch
from torch import Tensor

from benchmarks.speed.pytorch import Passes, Trainer, build_model, build_optimizer
from benchmarks.speed.pytorch_by_hand import FullyConnectedTrainer
from benchmarks.speed.work import BATCH_SIZE, OnEpoch, Part, Work, batch_bounds, normalise, read_parts


def run(work: Work, on_epoch: OnEpoch) -> dict[str, float]:
    """Train and evaluate."""
    if work.threads:
        torch.set_num_threads(work.threads)
    torch.manual_seed(0)
    parts = {name: _Batches(part, work, shuffled=name == "train") for name, part in read_parts(work).items()}
    trainer = _build_trainer(work)
    trainer.run(1 + work.epochs, parts["train"], parts["validation"], parts["test"], on_epoch)
    return {}


def _build_trainer(work: Work) -> Passes:
    model = build_model(work)
    if work.model == "fcn":
        return FullyConnectedTrainer(model, work.precision)
    model = model.to(memory_format=torch.channels_last)
    return Trainer(model, build_optimizer(work, model, fused=True), work.precision)


class _Batches:
    """One pass over a part of the data at each call."""

    def __init__(self, part: Part, work: Work, shuffled: bool):
        # With one channel, [N, 1, 28, 28] lies in memory as channels_last does.
        images = torch.from_numpy(normalise(part.images)).reshape(-1, 1, 28, 28)
        self.images = images.bfloat16() if work.precision == "bfloat16" else images
        self.labels = torch.from_numpy(part.labels).long()
        self.shuffled = shuffled
        self.image_buffer = torch.empty_like(self.images[:BATCH_SIZE])
        self.label_buffer = torch.empty_like(self.labels[:BATCH_SIZE])

    def __call__(self) -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.randperm(len(self.labels)) if self.shuffled else None
        for start, stop in batch_bounds(len(self.labels)):
            yield (
                (self.images[start:stop], self.labels[start:stop]) if order is None else self._gather(order[start:stop])
            )

    def _gather(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        images, labels = self.image_buffer[: len(indices)], self.label_buffer[: len(indices)]
        torch.index_select(self.images, 0, indices, out=images)
        torch.index_select(self.labels, 0, indices, out=labels)
        return images, labels
