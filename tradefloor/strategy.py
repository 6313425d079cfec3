"""The users' `Strategy`: the actor, and the way to run it from its own file."""

from __future__ import annotations

from actors.strategy import Strategy as StrategyActor

__all__ = ["Strategy"]


class Strategy(StrategyActor):
    """Base of all strategies: see `actors.strategy.Strategy` for what can be overridden and called."""

    @classmethod
    def run(cls, arguments: list[str] | None = None) -> None:
        """Attach this strategy to a running floor, from its own file::

            if __name__ == "__main__":
                MyStrategy.run()

        The command line takes the options of ``tradefloor attach``. Raises SystemExit with the exit code.
        """
        from tradefloor.commands.attach import run_class

        raise SystemExit(run_class(cls, arguments))
