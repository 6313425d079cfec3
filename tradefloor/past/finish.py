"""From a download that has all its pages to the file that was wanted, which takes its name when it is whole."""

from __future__ import annotations

import csv
import importlib
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from actors.runtime import ActorExit, ExitCode
from tradefloor.past.columns import COLUMNS, FLOATS, INTEGERS
from tradefloor.past.part import Part

__all__ = ["FORMATS", "check_format", "finish"]

FORMATS = (".csv", ".parquet")
GROUP_ROWS = 131_072
"""Rows of one group of a Parquet file, as many as are in memory at a time."""
INSTALL = "pip install 'tradefloor[parquet]'"


def check_format(out: Path) -> None:
    """Raise ActorExit where a file of this name cannot be written: known before anything is downloaded."""
    if out.suffix not in FORMATS:
        raise ActorExit(ExitCode.USAGE, f"--out {out}: expected a name that ends in {' or '.join(FORMATS)}")
    if not out.parent.is_dir():
        raise ActorExit(ExitCode.USAGE, f"--out {out}: there is no directory {out.parent}")
    if out.suffix == ".parquet":
        _pyarrow()


def finish(part: Part, out: Path) -> None:
    """Write the file, and take the part away. Raises OSError; the part is then still there."""
    temporary = out.with_name(out.name + ".tmp")
    try:
        if out.suffix == ".csv":
            _write_csv(part, temporary)
        else:
            _write_parquet(part, temporary)
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, out)
    finally:
        temporary.unlink(missing_ok=True)
    part.remove()


def _write_csv(part: Part, path: Path) -> None:
    with open(path, "wb") as file:
        file.write(",".join(COLUMNS[part.download.kind]).encode() + b"\n")
        file.writelines(part.rows())


def _write_parquet(part: Part, path: Path) -> None:
    arrow, parquet = _pyarrow()
    names = COLUMNS[part.download.kind]
    fields = [(name, _type(arrow, name)) for name in names]
    told = {"instrument": part.download.instrument, "kind": part.download.kind, "source": part.download.source}
    told |= {"interval": part.download.interval, "missing": "; ".join(part.reached.missing)}
    schema = arrow.schema(fields, metadata={f"tradefloor.{name}": text for name, text in told.items()})
    rows = csv.reader(line.decode() for line in part.rows())
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for group in _groups(rows):
            columns = [
                arrow.array([_value(name, text) for text in column], kind)
                for (name, kind), column in zip(fields, zip(*group, strict=True), strict=True)
            ]
            writer.write_table(arrow.Table.from_arrays(columns, schema=schema))


def _groups(rows: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    while group := list(islice(rows, GROUP_ROWS)):
        yield group


def _type(arrow: Any, name: str) -> Any:
    if name in INTEGERS:
        return arrow.int64()
    return arrow.float64() if name in FLOATS else arrow.string()


def _value(name: str, text: str) -> int | float | str:
    if name in INTEGERS:
        return int(text)
    return float(text) if name in FLOATS else text


def _pyarrow() -> tuple[Any, Any]:
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        text = f"a .parquet file needs pyarrow ({error}); install it with: {INSTALL}; or give --out a name in .csv"
        raise ActorExit(ExitCode.CONFIGURATION, text) from None
