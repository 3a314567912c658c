"""What both ways of using PyTorch share: the models, and training and evaluation over given batches."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from benchmarks.speed.work import LEARNING_RATES, OPTIMIZERS, OnEpoch, Work

Batches = Callable[[], Iterable[tuple[Tensor, Tensor]]]


def build_model(work: Work) -> nn.Module:
    """Return the network, from images [N, 1, 28, 28] to logits, with PyTorch's default initialisation."""
    if work.model == "fcn":
        return nn.Sequential(
            nn.Flatten(), nn.Linear(784, 300), nn.ReLU(), nn.Linear(300, 200), nn.ReLU(), nn.Linear(200, 10)
        )
    return nn.Sequential(
        *_convolution(1, 32),
        *_convolution(32, 64),
        nn.Flatten(),
        *(nn.Linear(7 * 7 * 64, 256), nn.ReLU()),
        *(nn.Linear(256, 128), nn.ReLU()),
        nn.Linear(128, 10),
    )


def _convolution(channels: int, filters: int) -> tuple[nn.Module, ...]:
    # ReLU and maxima change places without changing outputs or gradients; this way ReLU has a quarter of the work.
    return nn.Conv2d(channels, filters, 5, padding=2), nn.MaxPool2d(2), nn.ReLU()


def build_optimizer(work: Work, model: nn.Module, **options: bool) -> torch.optim.Optimizer:
    """Return the optimizer of the work; the options choose its implementation."""
    classes = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    name = OPTIMIZERS[work.model]
    return classes[name](model.parameters(), lr=LEARNING_RATES[name], **options)


class Passes(ABC):
    """Trains and evaluates, and sums up loss and accuracy as it goes, as the other systems do."""

    def run(self, epochs: int, train: Batches, validation: Batches, test: Batches, on_epoch: OnEpoch) -> None:
        """Train so many epochs, evaluating after each."""
        for _ in range(epochs):
            started = time.perf_counter()
            self._pass_over(train(), self._train)
            trained = time.perf_counter()
            with torch.inference_mode():
                self._pass_over(validation(), self._forward)
                _, accuracy = self._pass_over(test(), self._forward)
            on_epoch(trained - started, accuracy)

    def _pass_over(self, batches: Iterable[tuple[Tensor, Tensor]], step: Callable) -> tuple[float, float]:
        loss_sum, correct, count = torch.zeros(()), torch.zeros((), dtype=torch.long), 0
        for images, labels in batches:
            loss, logits = step(images, labels)
            with torch.no_grad():
                loss_sum += loss.detach() * len(labels)
                correct += (logits.argmax(1) == labels).sum()
            count += len(labels)
        return loss_sum.item() / count, correct.item() / count

    @abstractmethod
    def _train(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Take a step and return the mean loss and the logits."""

    @abstractmethod
    def _forward(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean loss and the logits."""


class Trainer(Passes):
    """Trains a model by autograd and an optimizer."""

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer, precision: str):
        self.model, self.optimizer = model, optimizer
        self.bfloat16 = precision == "bfloat16"
        self.loss = nn.CrossEntropyLoss()

    def _train(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        self.optimizer.zero_grad(set_to_none=True)
        loss, logits = self._forward(images, labels)
        loss.backward()
        self.optimizer.step()
        return loss, logits

    def _forward(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            logits = self.model(images)
        return self.loss(logits.float(), labels), logits
