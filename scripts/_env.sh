# Sourced by the scripts beside it, POSIX sh. `environment LOCK` makes .venv at the root of the repository hold exactly
# the packages of that lock, leaves the way to its interpreter in $python, and changes to the root.
#
# The project itself is not installed: `python -m app` from the root runs the source as it stands. That needs no build
# backend, so nothing is fetched but what the lock names with its hash, and an edit is live at once.
# When it cannot, it says why and what to do: no suitable Python (exit 3), no venv module (4), no packages (5).

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
venv=$root/.venv

fail() { # fail CODE TEXT
    printf '\nsoundings: %s (exit %s)\n' "$2" "$1" | fold -s -w 100 >&2
    exit "$1"
}

runs() { # does this interpreter run, and is it recent enough?
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' </dev/null >/dev/null 2>&1
}

find_python() {
    # A Python that was asked for by name is used or refused, never silently replaced.
    if [ -n "${PYTHON:-}" ]; then set -- "$PYTHON"; else set -- python3 python3.13 python3.12 python3.11; fi
    for candidate do
        if runs "$candidate"; then python=$candidate; return; fi
    done
    seen=nothing
    if command -v "$1" >/dev/null; then seen=$("$1" --version 2>&1 </dev/null | tail -n 1); fi
    fail 3 "Python 3.11 or newer is needed. Looked for: $*; found: ${seen:-nothing that runs}. Install a newer Python, or \
name the one to use: PYTHON=/path/to/python3.12 $0"
}

make_venv() {
    find_python
    if ! said=$("$python" -m venv "$venv" 2>&1 </dev/null); then
        rm -rf "$venv"  # half an environment would look like a whole one the next time
        printf '%s\n' "$said" | tail -n 5 >&2
        fail 4 "$python could not make the virtual environment .venv; its words are above. On Debian and Ubuntu the \
module comes in a package of its own: apt-get install python3-venv. Otherwise see that $root can be written to and has \
space, or name another Python: PYTHON=/path/to/python3.12 $0"
    fi
    python=$venv/bin/python
}

environment() { # environment LOCK
    lock=$root/$1
    stamp=$venv/$1  # a copy of the lock that was installed
    # A changed lock starts from nothing, so that no package stays that it no longer names.
    if [ -f "$stamp" ] && ! cmp -s "$lock" "$stamp"; then rm -rf "$venv"; fi
    python=$venv/bin/python
    runs "$python" || { rm -rf "$venv"; make_venv; }
    if [ ! -f "$stamp" ]; then
        echo "soundings: installing the packages of $1 into .venv (once, about a minute)" >&2
        if ! said=$("$python" -m pip install --quiet --no-input --disable-pip-version-check \
            --only-binary :all: --require-hashes -r "$lock" 2>&1 </dev/null); then
            printf '%s\n' "$said" | tail -n 12 >&2
            fail 5 "the packages of $1 could not be installed; the last lines of pip are above. Most often the package \
registry is out of reach: check the network, a proxy (HTTPS_PROXY) or your own mirror (pip config, PIP_INDEX_URL), then \
run $0 again. If pip found no matching distribution instead, this Python ($("$python" --version)) or platform has no \
ready-made wheel: try PYTHON=/path/to/python3.12 after removing .venv"
        fi
        cp "$lock" "$stamp"
        cp "$root/requirements.lock" "$venv"  # the development lock holds all of it as well
    fi
    # From here on, paths and the default SQLite file are those of the root, wherever the script was called from.
    cd -- "$root"
}
