# shellcheck shell=bash
# Sourced by the scripts beside it: the checkout as working directory, its Python and a Pulumi CLI
# on PATH. Owns how a CI machine gets its tools. Refuses to know a CI system.
#
# A suitable `pulumi` on PATH is used; otherwise the official release is fetched and checked
# against its published sums (docs/decisions/engine.md).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

usage() {
    printf 'usage: %s\n' "$1" >&2
    exit 2
}

# Dies with every missing variable named at once. Never prints a value.
needs() {
    local name missing=()
    for name in "$@"; do
        [[ -n ${!name:-} ]] || missing+=("$name")
    done
    if ((${#missing[@]})); then
        printf 'error: not set: %s\n' "${missing[*]}" >&2
        printf '  fix: docs/guides/ci.md lists what each environment needs\n' >&2
        exit 2
    fi
}

tools() {
    tools/environment
    export PATH="$PWD/.venv/bin:$PATH" VIRTUAL_ENV="$PWD/.venv"
    local found
    found=$(
        python - <<'PYTHON'
import os
from rich.console import Console
from sandbox.engine.ensure import ensure_engine
from sandbox.machine.progress import ConsoleProgress

engine = ensure_engine(ConsoleProgress(Console(stderr=True)))
print(os.pathsep.join(map(str, engine.search_path)))
PYTHON
    )
    export PATH="$PWD/.venv/bin:$found:$PATH"
    export PULUMI_SKIP_UPDATE_CHECK=true
}

# The policy pack with what this stack says about its rules: sets `pack`, an argument list.
with_policy() {
    # shellcheck disable=SC2034 # read by the scripts that source this
    pack=(--policy-pack policy/__main__.py)
    if [[ -f policy/stacks/$1.json ]]; then
        pack+=(--policy-pack-config "policy/stacks/$1.json")
    fi
}
