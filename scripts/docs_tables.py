"""Writes the tables of the documentation that are made from code; ``--check`` says which would change."""

import ast
import importlib
import itertools
import json
import sys
from pathlib import Path

import msgspec

from actors.runtime import ExitCode
from actors.supervisor.spec import settings
from bus import topics
from bus.messages import Code
from bus.requests import reply
from bus.schema import schema
from bus.security import roles
from venues.binance.adapter import ADAPTER
from venues.binance.client import ENDPOINTS
from venues.binance.client import errors as binance_errors
from venues.binance.mapping.errors import REFUSALS
from venues.binance.mapping.words import EXPIRY_REASONS
from venues.binance.settings import DESCRIPTIONS
from venues.binance.settings import Settings as BinanceSettings
from venues.binance.twin.faults.admin import ACTIONS
from venues.binance.twin.faults.fault import options, sentence
from venues.binance.twin.faults.registry import BY_KIND
from venues.capabilities import Cell
from venues.twins import log as truth_log

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
NO_LIMITS = {"REQUEST", "STREAM", "WIRE_VERSION", "TOO_MANY_ORDERS", "UNCERTAIN_STATUS"}
EXAMPLES = ("bus_publisher", "bus_reader", "plain_reader")
BINANCE_EXAMPLES = ("binance_order", "binance_streams", "binance_in_memory")


def exit_codes() -> str:
    """Return the table of exit codes."""
    rows = "".join(f"| {code.value} | {code.meaning} |\n" for code in ExitCode)
    return f"| code | meaning |\n|---|---|\n{rows}"


def supervisor_settings() -> str:
    """Return the table of what can be set for each child."""
    rows = "".join(f"| `{name}` | {each.default:g} | {each.description} |\n" for name, each in settings().items())
    return f"| setting | default | |\n|---|---|---|\n{rows}"


def indented(module: object) -> str:
    """Return the indented table of a module's docstring as a block."""
    lines = (module.__doc__ or "").splitlines()
    table = [line.removeprefix("    ") for line in lines if line.startswith("    ") or not line]
    return "```\n" + "\n".join(table).strip("\n") + "\n```\n"


def headers() -> str:
    """Return what stands in the three headers, in order."""
    found = schema()
    kinds = {"stream": found["header"], "request": found["request_header"], "answer": found["reply_header"]}
    rows = ""
    for name, fields in kinds.items():
        told = ", ".join(f"`{field['name']}` {field['type']}" for field in fields)
        rows += f"| {name} | {told} |\n"
    return f"| header | its fields, in order |\n|---|---|\n{rows}"


def limits(package: str) -> str:
    """Return every limit of a package: a constant in capitals, with the reason that stands below it."""
    rows = ""
    for file in sorted((ROOT / package).rglob("*.py")):
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for statement, below in itertools.pairwise(ast.parse(file.read_text()).body):
            if not isinstance(statement, ast.Assign) or not isinstance(below, ast.Expr):
                continue
            names = [each.id for each in ast.walk(statement.targets[0]) if isinstance(each, ast.Name)]
            values = [getattr(importlib.import_module(name), each) for each in names]
            is_public = all(each.isupper() and each[0] != "_" and each not in NO_LIMITS for each in names)
            if is_public and all(isinstance(value, (int, float)) for value in values):
                reason = " ".join(str(ast.literal_eval(below.value)).split())
                told = ", ".join(f"{value:,}" for value in values)
                rows += f"| `{'`, `'.join(names)}` | {told} | `{name}` | {reason} |\n"
    return f"| limit | value | in | |\n|---|---|---|---|\n{rows}"


def example(name: str) -> str:
    """Return an example program as a block."""
    return f"```python\n{(ROOT / 'scripts' / 'examples' / f'{name}.py').read_text()}```\n"


def binance_calls() -> str:
    """Return every call of the Binance client."""
    rows = ""
    for call in ENDPOINTS:
        orders = str(call.orders) if call.orders else ""
        signed = "key" if call.signed else ""
        rows += f"| `{call.name}` | {call.title} | `{call.ws}` | {call.weight} | {orders} | {signed} |\n"
    return f"| method | REST | WebSocket API | weight | orders | |\n|---|---|---|---|---|---|\n{rows}"


def twin_faults() -> str:
    """Return every fault of the Binance twin."""
    rows = "".join(f"| `{kind}` | {sentence(fault)} |\n" for kind, fault in BY_KIND.items())
    return f"| kind | what goes wrong |\n|---|---|\n{rows}"


def twin_actions() -> str:
    """Return every action of the twin's admin, with its fields."""
    rows = ""
    for action in ACTIONS:
        fields = ", ".join(f"`{name}`" for name in options(action))
        rows += f"| `POST {action.route()}` | {sentence(action)} | {fields} |\n"
    return f"| | what it does | fields |\n|---|---|---|\n{rows}"


def spot_settings() -> str:
    """Return every option of an instance of Binance Spot, with its default."""
    known = {field.name: field for field in msgspec.structs.fields(BinanceSettings)}
    rows = ""
    for name, text in DESCRIPTIONS.items():
        field = known.get(name)
        default = {"venue_id": '`"BINANCE"`', "books": "`true`"}.get(name, "mandatory")
        if field is not None and field.default is not msgspec.NODEFAULT:
            default = f"`{json.dumps(field.default)}`" if field.default not in (None, "") else "-"
        rows += f"| `{name}` | {default} | {text} |\n"
    return f"| option | default | |\n|---|---|---|\n{rows}"


def spot_refusals() -> str:
    """Return what each refusal of Binance Spot becomes."""
    rows = ""
    for venue_code, words, code in REFUSALS:
        rows += f"| {venue_code or 'any'} | {words or 'any'} | `{code}` | {code.sentence} |\n"
    rest = "| any other | | `VENUE_REJECTED` | The venue's own code and text stand beside. |\n"
    return f"| venue's code | its text has | code | |\n|---|---|---|---|\n{rows}{rest}"


def spot_ends() -> str:
    """Return what each way becomes by which Binance Spot ends an order by itself."""
    rows = "".join(f"| `{reason}` | `{code}` | {code.sentence} |\n" for reason, code in EXPIRY_REASONS.items())
    own = f"| status `EXPIRED_IN_MATCH` | `{Code.SELF_TRADE}` | {Code.SELF_TRADE.sentence} |\n"
    return f"| expiry reason | code | |\n|---|---|---|\n{rows}{own}"


def codes() -> str:
    """Return the page of denial codes."""
    rows = "".join(f"| `{code}` | {code.sentence} |\n" for code in Code)
    head = "# Codes\n\nWhy a request or an order was refused. Generated by `scripts/docs_tables.py`.\n\n"
    return f"{head}| code | meaning |\n|---|---|\n{rows}"


def capabilities() -> str:
    """Return the page of what each venue offers today."""
    found = ADAPTER.capabilities
    head = "# Capabilities\n\nWhat each adapter does today; anything else is denied with a code before it is sent. "
    head += "Generated from the adapters by `scripts/docs_tables.py`.\n\n"
    head += "N native, S per symbol, M mapped to a native order that does the same, E emulated, P through `params`, "
    head += "- denied.\n\n"
    names = [f"{ADAPTER.name} {account}" for account in found]
    head += "Behind a cell stand the acceptance cases that passed on a real floor at the venue's twin; `unproven`: "
    head += "offered, and no acceptance case has shown it yet.\n\n"
    results = json.loads((ROOT / "tests" / "conformance" / "results.json").read_text())
    text = head + f"| | {' | '.join(names)} |\n|---|{'---|' * len(names)}\n"
    columns = [{(group, word): cell for group, word, cell in each.rows()} for each in found.values()]
    for group, word in columns[0]:
        cells = " | ".join(
            proven(column[group, word], results.get(f"{ADAPTER.name}-{account}", {}).get(f"{group}: {word}", []))
            for account, column in zip(found, columns, strict=True)
        )
        text += f"| {group.replace('_', ' ')}: {word} | {cells} |\n"
    return text


def proven(cell: Cell, cases: list[str]) -> str:
    """Return a cell with what proves it."""
    return str(cell) if cell is Cell.NONE else f"{cell} ({', '.join(cases) or 'unproven'})"


def filled(text: str, name: str, table: str) -> str:
    """Return a page with the table between the marks of its name."""
    before, mark, rest = text.partition(f"<!-- generated: {name} -->\n")
    _, end, after = rest.partition("<!-- end -->")
    return before + mark + table + end + after


def pages() -> dict[Path, str]:
    """Return what each generated file should hold."""
    supervisor, bus = DOCS / "supervisor.md", DOCS / "bus.md"
    supervision = filled(supervisor.read_text(), "exit codes", exit_codes())
    supervision = filled(supervision, "supervisor settings", supervisor_settings())
    text = filled(bus.read_text(), "topics", indented(topics))
    text = filled(text, "roles", indented(roles))
    text = filled(text, "ends", indented(reply))
    text = filled(text, "headers", headers())
    text = filled(text, "limits", limits("bus"))
    for name in EXAMPLES:
        text = filled(text, name, example(name))
    binance = DOCS / "binance-client.md"
    client = filled(binance.read_text(), "errors", indented(binance_errors))
    client = filled(client, "calls", binance_calls())
    client = filled(client, "limits", limits("venues/binance/client"))
    for name in BINANCE_EXAMPLES:
        client = filled(client, name, example(name))
    spot = DOCS / "binance-spot.md"
    account = filled(spot.read_text(), "spot settings", spot_settings())
    account = filled(account, "spot refusals", spot_refusals())
    account = filled(account, "spot ends", spot_ends())
    account = filled(account, "spot limits", limits("venues/execution"))
    twin = DOCS / "binance-twin.md"
    local = filled(twin.read_text(), "twin faults", twin_faults())
    local = filled(local, "twin actions", twin_actions())
    local = filled(local, "twin log", indented(truth_log))
    return {
        binance: client,
        spot: account,
        twin: local,
        DOCS / "codes.md": codes(),
        DOCS / "capabilities.md": capabilities(),
        supervisor: supervision,
        bus: text,
    }


def main() -> int:
    """Write, or compare."""
    stale = 0
    for path, text in pages().items():
        if path.exists() and path.read_text() == text:
            continue
        if "--check" in sys.argv:
            sys.stderr.write(f"{path.name} is not what the code says; run scripts/docs_tables.py\n")
            stale = 1
        else:
            path.write_text(text)
    return stale


if __name__ == "__main__":
    sys.exit(main())
