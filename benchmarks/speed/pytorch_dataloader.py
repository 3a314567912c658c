"""PyTorch the report's way: a DataLoader that transforms and collates one sample after another."""

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from benchmarks.speed.pytorch import Trainer, build_model, build_optimizer
from benchmarks.speed.work import BATCH_SIZE, OnEpoch, Part, Work, read_parts


def run(work: Work, on_epoch: OnEpoch) -> dict[str, float]:
    """Train and evaluate."""
    if work.threads:
        torch.set_num_threads(work.threads)
    torch.manual_seed(0)
    loaders = {name: _make_loader(part, work, shuffle=name == "train") for name, part in read_parts(work).items()}
    model = build_model(work)
    trainer = Trainer(model, build_optimizer(work, model), work.precision)
    passes = (lambda: iter(loaders["train"]), lambda: iter(loaders["validation"]), lambda: iter(loaders["test"]))
    trainer.run(1 + work.epochs, *passes, on_epoch)
    return {}


def _make_loader(part: Part, work: Work, shuffle: bool) -> DataLoader:
    workers = work.loading_workers
    return DataLoader(_Samples(part), BATCH_SIZE, shuffle=shuffle, num_workers=workers, persistent_workers=workers > 0)


class _Samples(Dataset):
    """What torchvision's FashionMNIST gives with ToTensor and Normalize, less its way through a PIL image."""

    def __init__(self, part: Part):
        self.images, self.labels = torch.from_numpy(part.images), torch.from_numpy(part.labels).long()
        self.mean, self.deviation = (torch.tensor([0.5]).reshape(1, 1, 1) for _ in range(2))

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image = self.images[index].unsqueeze(0).to(torch.float32).div(255)
        return image.sub_(self.mean).div_(self.deviation), int(self.labels[index])
