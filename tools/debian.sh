# shellcheck shell=bash
# Installs Debian packages for a script that sources this; not run by itself.
#
# Only where that is a matter of course: on Debian or its kin as root, or in CI (CI is set) with sudo
# that asks nothing. Nothing comes from anywhere but the system's own package sources.

fail() {
    printf 'error: %s\n  fix: %s\n' "$1" "$2" >&2
    exit 1
}

privileged() {
    if ((EUID == 0)); then
        "$@"
    else
        sudo -n "$@"
    fi
}

may_install() {
    command -v apt-get >/dev/null || return 1
    ((EUID == 0)) || { [[ -n ${CI:-} ]] && sudo -n true 2>/dev/null; }
}

apt_install() {
    # With Debian's recommendations it would be twice as much, of which tests need nothing.
    privileged env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 \
        install --yes --quiet=2 --no-install-recommends "$@"
}

install_packages() {
    local log status=0
    log=$(mktemp)
    { apt_install "$@" || { privileged apt-get update --quiet=2 && apt_install "$@"; }; } \
        >"$log" 2>&1 || status=1
    ((status == 0)) || tail -n 5 "$log" >&2
    rm -f "$log"
    ((status == 0)) ||
        fail "apt-get could not install $* (the reason is above)" \
            "check the network and the disk, then run the command again"
}
