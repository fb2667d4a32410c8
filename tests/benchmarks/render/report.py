"""Tables of figures, and limits with what was measured against them, as text or as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Limit:
    """A limit and the figure that was measured.

    Attributes:
        most: whether the figure may not be above the limit; else it may not be below it.
        detail: where the figure comes from.
    """

    name: str
    figure: float
    limit: float
    unit: str = ""
    most: bool = True
    detail: str = ""

    @property
    def holds(self) -> bool:
        """Whether the figure is within the limit."""
        return self.figure <= self.limit if self.most else self.figure >= self.limit

    @property
    def cells(self) -> list[str]:
        """What a table says of it."""
        wanted = f"{'at most' if self.most else 'at least'} {self.limit:g}{self.unit}"
        return [self.name, f"{self.figure:.2f}{self.unit}", wanted, "holds" if self.holds else "MISSED", self.detail]


@dataclass(frozen=True)
class Table:
    """Rows under a heading."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def shown(self, *, markdown: bool) -> str:
        """The whole table; its first column is flush left."""
        sized = [[len(cell) for cell in row] for row in (self.head, *self.rows)]
        widths = [max(column) for column in zip(*sized, strict=True)]
        lines = [self._row(row, widths, markdown=markdown) for row in (self.head, *self.rows)]
        if markdown:
            lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths[:1]) + "|" + "---:|" * len(widths[1:]))
        title = f"### {self.title}\n" if markdown else self.title
        return "\n".join([title, *lines, *([f"\n{self.note}" if markdown else self.note] if self.note else [])]) + "\n"

    @staticmethod
    def _row(row: Sequence[str], widths: Sequence[int], *, markdown: bool) -> str:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        return f"| {' | '.join(cells)} |" if markdown else "  ".join(cells)


@dataclass
class Report:
    """All that was measured."""

    tables: list[Table] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)

    def add(self, other: Report) -> None:
        """Takes in another one."""
        self.tables += other.tables
        self.limits += other.limits

    @property
    def verdicts(self) -> Table:
        """Each limit, and whether it holds."""
        head = ["limit", "measured", "wanted", "", "where"]
        return Table("Limits", head, [limit.cells for limit in self.limits])

    def shown(self, *, markdown: bool) -> str:
        """Everything."""
        tables = [*self.tables, self.verdicts] if self.limits else self.tables
        return "\n".join(table.shown(markdown=markdown) for table in tables)


def worst(
    name: str, figures: dict[str, float], limit: float, unit: str = "", *, most: bool = True, detail: str = ""
) -> Limit:
    """A limit that holds for all of these only if it holds for the worst, which is named."""
    place = (max if most else min)(figures, key=lambda key: figures[key])
    return Limit(name, figures[place], limit, unit, most, f"{place}{detail}")


def ms(seconds: float) -> str:
    """Milliseconds."""
    return f"{seconds * 1e3:.1f}"
