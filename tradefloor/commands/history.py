"""Download trades, aggregate trades or bars into a file: CSV, or Parquet where pyarrow is installed.

By a running floor, or without one by --config or --adapter. Rows are written to FILE.part, page by page; FILE is there
once it is whole. Whatever ends a download (Ctrl-C, a crash, a full disk), --resume goes on after the last whole page,
and the file comes out as if nothing had been. Times in files are UNIX nanoseconds.

  tradefloor history BTCUSDT.BINANCE bars 1-MINUTE --start 2026-01-01 --end 2026-02-01 --out bars.parquet
  tradefloor history BTCUSDT.BINANCE trades --start 2026-01-01T09:30 --out t.csv --adapter binance --environment live

Exit codes: 0 the file is whole (a warning says what the venue does not have of the range), 1 refused or failed, 2 wrong
usage, 10 configuration (no floor, no such adapter, pyarrow missing), 11 the venue has banned this address, 130 Ctrl-C,
143 SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

import msgspec

from actors.runtime import ActorExit, ExitCode
from actors.strategy.past import HistoryRefused, Pages, question_of
from bus.messages import QueryHistory
from bus.moments import moment_ns, moment_text
from tradefloor.commands.common import add_json, print_json
from tradefloor.past.columns import COLUMNS
from tradefloor.past.finish import check_format, finish
from tradefloor.past.part import Download, NothingBegun, Part, PartError
from tradefloor.past.progress import shown
from tradefloor.past.source import Source, add_source, open_source

__all__ = ["add_arguments", "run"]

INTERRUPTED, TERMINATED = 130, 143
"""128 and the signal's number, as shells have it."""
LOOK_S = 0.5
"""Between looks why no page comes."""
QUIET_S = 3.0
"""Without a page after which it is said: most take a tenth of a second."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("instrument", metavar="INSTRUMENT", help="such as BTCUSDT.BINANCE")
    parser.add_argument("kind", metavar="KIND", help="bars, trades or aggregate_trades, as far as the venue has them")
    parser.add_argument("interval", metavar="INTERVAL", nargs="?", default="", help="of bars, such as 1-MINUTE")
    parser.add_argument("--start", metavar="TIME", help="the first moment: ISO 8601 (UTC) or UNIX ns; 0: all there is")
    parser.add_argument("--end", metavar="TIME", help="the first moment that is out; until now by default")
    parser.add_argument("--out", type=Path, metavar="FILE", required=True, help="FILE.csv or FILE.parquet")
    again = parser.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="go on with FILE.part, where there is one")
    again.add_argument("--overwrite", action="store_true", help="replace FILE and FILE.part")
    add_source(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Download, and say what came of it."""
    out: Path = options.out
    check_format(out)
    part_path = out.with_name(out.name + ".part")
    _check_free(out, part_path, options)
    asked = _question(options, begins=not (options.resume and part_path.exists()))
    work = _Work(options, out, part_path, asked)
    try:
        return asyncio.run(work.run())
    except KeyboardInterrupt:
        return work.interrupted(INTERRUPTED)
    except _Terminated:
        return work.interrupted(TERMINATED)
    except HistoryRefused as error:
        raise ActorExit(ExitCode.FAILED, f"{error.code}: {error}{work.left()}") from None
    except PartError as error:
        raise ActorExit(ExitCode.FAILED, str(error)) from None
    except OSError as error:
        raise ActorExit(ExitCode.FAILED, f"{error.filename or out}: {error.strerror}{work.left()}") from None
    except ActorExit as error:
        raise ActorExit(error.code, error.reason + work.left(), error.until_ns) from None
    finally:
        work.close()


def _check_free(out: Path, part_path: Path, options: argparse.Namespace) -> None:
    if options.overwrite:
        return
    if part_path.exists():
        if not options.resume:
            text = (
                f"{part_path} is a download under way or cut short; --resume goes on with it, --overwrite begins anew"
            )
            raise ActorExit(ExitCode.USAGE, text)
    elif out.exists():
        text = f"{out} is there and whole; give another --out, or --overwrite"
        raise ActorExit(ExitCode.USAGE, text)


def _question(options: argparse.Namespace, begins: bool) -> QueryHistory:
    """Return what is asked for; a download that goes on has its own start and end."""
    for name in ("start", "end"):
        try:
            moment_ns(getattr(options, name) or "0")
        except ValueError as error:
            raise ActorExit(ExitCode.USAGE, f"--{name}: {error}") from None
    if begins and options.start is None:
        raise ActorExit(
            ExitCode.USAGE, "--start: expected the first moment, such as 2026-01-31 or 2026-01-31T09:30:00Z"
        )
    try:
        asked = question_of("", options.instrument, options.kind, options.start or "0", options.end, options.interval)
    except ValueError as error:
        raise ActorExit(ExitCode.USAGE, str(error)) from None
    if asked.kind not in COLUMNS:
        kinds = ", ".join(COLUMNS)
        raise ActorExit(ExitCode.USAGE, f"KIND {options.kind!r}: expected one of {kinds}, as far as the venue has them")
    return asked


class _Terminated(Exception):
    """SIGTERM came."""


class _Work:
    """One run of the command."""

    def __init__(self, options: argparse.Namespace, out: Path, part_path: Path, asked: QueryHistory) -> None:
        self.options, self.out, self.part_path, self.asked = options, out, part_path, asked
        self.part: Part | None = None
        self._is_terminated = False

    async def run(self) -> int:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._terminate, task)
        try:
            async with open_source(self.options) as source:
                self.part = self._open(source)
                await self._download(self.part, source)
            finish(self.part, self.out)
        except asyncio.CancelledError:
            if self._is_terminated:
                raise _Terminated from None
            raise
        self._print(self.part)
        return ExitCode.DONE

    def _terminate(self, task: asyncio.Task[int]) -> None:
        self._is_terminated = True
        task.cancel()

    def _open(self, source: Source) -> Part:
        asked = self.asked
        download = Download(source.told, asked.instrument, asked.kind, asked.interval, asked.start_ns, asked.end_ns)
        if not (self.options.resume and self.part_path.exists()):
            return Part.begin(self.part_path, download)
        try:
            part = Part.resume(self.part_path)
        except NothingBegun:
            if self.options.start is None:
                raise
            return Part.begin(self.part_path, download)
        given = {"start_ns": self.options.start, "end_ns": self.options.end}
        for name in Download.__struct_fields__:
            ours, theirs = getattr(download, name), getattr(part.download, name)
            if ours != theirs and given.get(name, "") is not None:
                part.close()
                word = name.removesuffix("_ns")
                shown_ = [moment_text(each) if name.endswith("_ns") else repr(each) for each in (theirs, ours)]
                text = f"{self.part_path} is another download: its {word} is {shown_[0]}, not {shown_[1]}"
                raise ActorExit(ExitCode.USAGE, text)
        return part

    async def _download(self, part: Part, source: Source) -> None:
        of, reached = part.download, part.reached
        if reached.is_done:
            return
        question = QueryHistory(
            source.instance, of.instrument, of.kind, reached.next_ns, of.end_ns, of.interval, after=reached.next_after
        )
        pages = Pages(source.ask, question)
        loop = asyncio.get_running_loop()
        with shown(of) as progress:
            newest_s = loop.time()

            async def watch() -> None:
                while True:
                    await asyncio.sleep(LOOK_S)
                    quiet_s = loop.time() - newest_s
                    if pages.waits_for or quiet_s > QUIET_S:
                        told = pages.waits_for or "a limit's end, or the venue's answer"
                        progress.show(part.reached, f"{told} ({quiet_s:.0f} s)")

            progress.show(part.reached)
            watching = asyncio.create_task(watch())
            try:
                async for page in pages:
                    part.append(page)
                    newest_s = loop.time()
                    progress.show(part.reached)
            finally:
                watching.cancel()

    # what is said

    def left(self) -> str:
        """Say what is left of a download that did not end well, and take away what is of no use."""
        part, self.part = self.part, None
        if part is None:
            return ""
        if not part.reached.rows and not part.reached.is_done:
            part.remove()
            return ""
        part.close()
        return f"; {self.part_path} has {part.reached.rows:,} rows, and --resume goes on after them"

    def interrupted(self, code: int) -> int:
        """Say how to go on."""
        left = self.left()
        sys.stderr.write(f"interrupted{left or '; nothing was written'}\n")
        return code

    def close(self) -> None:
        """Close what is open."""
        if self.part is not None:
            self.part.close()

    def _print(self, part: Part) -> None:
        of, reached = part.download, part.reached
        for text in reached.missing:
            sys.stderr.write(f"warning: missing: {text}\n")
        if self.options.json:
            document = msgspec.to_builtins(of) | {"file": str(self.out), "missing": list(reached.missing)}
            print_json(document | {name: getattr(reached, name) for name in ("rows", "first_ns", "last_ns")})
            return
        span = f", {moment_text(reached.first_ns)} to {moment_text(reached.last_ns)}" if reached.rows else ""
        what = f"{of.kind} {of.interval}".rstrip()
        sys.stdout.write(f"{self.out}: {reached.rows:,} rows of {of.instrument} {what}{span}\n")
