# Sourced by the scripts beside it: makes .venv and installs the extras named in $1, once for each state of setup.cfg.
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

find_python() {
    local name
    for name in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            command -v "$name"
            return
        fi
    done
    echo "tradefloor needs Python 3.11 or newer on the PATH (or PYTHON=/path/to/it)" >&2
    exit 10
}

set_up() {
    local extras="$1" venv="$root/.venv" mark
    mark="$venv/installed-$extras-$(cksum < "$root/setup.cfg" | tr -c '0-9\n' '-')"
    if [ ! -e "$mark" ]; then
        local python
        python="$(find_python)" || exit $?
        [ -x "$venv/bin/python" ] || "$python" -m venv "$venv" >&2 || exit $?
        echo "setting up: installing tradefloor[$extras] into .venv" >&2
        if ! "$venv/bin/python" -m pip install --disable-pip-version-check -e "$root[$extras]" > "$venv/install.log" 2>&1; then
            tail -n 20 "$venv/install.log" >&2
            echo "setting up failed; all of pip's words are in .venv/install.log" >&2
            exit 1
        fi
        touch "$mark"
    fi
}
