#!/bin/sh
# setup.sh [release|test]: installs what building and the lab need: Debian and npm packages, only those that are
# missing. With `release` also what builds for other processors and for Windows; with `test` that, Wine, and the
# container runtimes that only the tests run; they start private instances of them.
# Runs before anything is installed, so it is plain POSIX sh; as root, or with sudo when packages are missing.
set -eu
cd "$(dirname "$0")/.."

BUILD_PACKAGES='gcc libc6-dev make musl-tools patch'
LAB_PACKAGES='iproute2 nftables iptables containernetworking-plugins iputils-ping util-linux mount procps kmod
  busybox-static tcpdump strace'
# The tests' own: runtimes that call the plugins, each without what Debian recommends beside it (netavark would
# take podman off CNI).
TEST_PACKAGES='containerd runc podman conmon docker.io curl wget systemd qemu-system-arm wine64 shellcheck'
# In no Debian package, so built where Go is installed: libcni's own tool, and a portmap that knows CNI 1.1.0.
GO_PROGRAMS='github.com/containernetworking/cni/cnitool@v1.3.1
  github.com/containernetworking/plugins/plugins/meta/portmap@v1.9.1'
# For the releases that do not run on this machine (scripts/build/target.ts); qemu-user runs them for their snapshots.
CROSS_PACKAGES='gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-mingw-w64-x86-64-win32 qemu-user-static'
NODE_MAJOR_LEAST=20

stop() {
  echo "setup: $1" >&2
  exit 1
}

check_platform() {
  [ "$(uname -s)" = Linux ] || stop "this builds on Linux only; $(uname -s) is not supported."
  case $(uname -m) in
    x86_64 | aarch64) ;;
    *) stop "the machine is $(uname -m); only x86_64 and aarch64 are supported." ;;
  esac
  { command -v apt-get && command -v dpkg-query; } >/dev/null ||
    stop 'only Debian and Ubuntu (with apt-get) are supported.'
  { command -v node && command -v npm; } >/dev/null ||
    stop "Node.js $NODE_MAJOR_LEAST or later with npm is missing; see https://nodejs.org/en/download."
  node_major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$node_major" -ge "$NODE_MAJOR_LEAST" ] ||
    stop "Node.js is version $(node --version); version $NODE_MAJOR_LEAST or later is needed."
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  else
    command -v sudo >/dev/null || stop "run this as root, or install sudo: packages are missing ($missing)."
    sudo "$@"
  fi
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]
}

# install_packages PACKAGE…
install_packages() {
  missing=
  for package in "$@"; do
    is_installed "$package" || missing="$missing $package"
  done
  if [ -z "$missing" ]; then
    echo 'setup: all Debian packages are there.'
    return
  fi
  echo "setup: installing Debian packages:$missing"
  # shellcheck disable=SC2086
  if ! { as_root apt-get update -qq &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
  } >.cache/apt.log 2>&1; then
    tail -n 20 .cache/apt.log >&2
    stop "apt-get could not install:$missing; what it said is above, and whole in .cache/apt.log."
  fi
}

# What packages of arm64 have. None has it for another machine than its own, so it is taken out of those: downloaded
# and verified by apt with lists of its own, as the lists of this machine need not know arm64.
# unpack_arm64 DIRECTORY FUNCTION WITHOUT: the function downloads to the current directory.
unpack_arm64() {
  [ ! -f "$1/complete" ] || return 0
  echo "setup: unpacking packages of arm64 to $1"
  work=$(pwd)/$1.$$
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/root"
  if (cd "$work" && arm64 apt-get update -qq && "$2" && unpack_packages) >"$work/said" 2>&1; then
    rm -rf "$1"
    mv "$work/root" "$1"
    touch "$1/complete"
  else
    echo "setup: apt has no packages for arm64; $3:" >&2
    sed 's/^/setup:   /' "$work/said" >&2
  fi
  rm -rf "$work"
}

download_cross() {
  arm64 apt-get download -qq musl-dev busybox-static
}

# A kernel, and what a VM needs around it.
download_vm() {
  kernel=$(arm64 apt-cache depends linux-image-cloud-arm64 | awk '$1 == "Depends:" && /linux-image/ { print $2 }')
  arm64 apt-get download -qq "$kernel" busybox-static
  arm64 apt-get install -y -qq --download-only --no-install-recommends iproute2 iputils-ping
}

unpack_packages() {
  for package in ./*.deb cache/archives/*.deb; do
    [ ! -f "$package" ] || dpkg-deb -x "$package" root
  done
  rm -rf root/usr/share/doc root/usr/share/man root/usr/share/locale
}

arm64() {
  program=$1
  shift
  # Nothing of this machine is changed, so there is nothing to lock, and no root is needed.
  "$program" -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root -o Debug::NoLocking=1 \
    -o Dir::State::Lists="$work/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$work/cache" "$@"
}

# The executables come ready in packages per platform, so no install script has to run. Not `npm ci`: it
# insists on lock entries for every platform, also for those that the registry in use does not have.
install_modules() {
  if [ -d node_modules ] && npm ls --all >/dev/null 2>&1; then
    echo 'setup: all npm packages are there.'
    return
  fi
  echo 'setup: installing npm packages of package-lock.json to node_modules'
  npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
}

# Into .cache/bin. Without Go, or without its module proxy, the tests that need them say that they are skipped.
install_go_programs() {
  command -v go >/dev/null || {
    echo 'setup: Go is not installed, so cnitool is not built; its tests will be skipped.'
    return 0
  }
  for program in $GO_PROGRAMS; do
    name=${program##*/}
    [ ! -x ".cache/bin/${name%@*}" ] || continue
    echo "setup: building $program to .cache/bin"
    GOBIN="$PWD/.cache/bin" GOPATH="$PWD/.cache/go" GOFLAGS=-modcacherw GOTOOLCHAIN=local CGO_ENABLED=0 \
      go install "$program" || echo "setup: $name could not be built; its tests will be skipped."
  done
}

case ${1-} in
  '' | release | test) ;;
  *) stop "the only arguments are \`release\` and \`test\`, not \`$1\`." ;;
esac
check_platform
mkdir -p .cache
# shellcheck disable=SC2086
install_packages $BUILD_PACKAGES $LAB_PACKAGES
install_modules
touch .cache/setup.done
[ -n "${1-}" ] || exit 0
[ "$(uname -m)" = x86_64 ] || stop 'releases are made and tested on x86_64.'
# shellcheck disable=SC2086
install_packages $CROSS_PACKAGES
unpack_arm64 .cache/cross download_cross 'the release for arm64 will have glibc in it, and no image is made'
touch .cache/setup-release.done
[ "$1" = test ] || exit 0
# shellcheck disable=SC2086
install_packages $TEST_PACKAGES
# Another package than Debian's may have it.
command -v kubectl >/dev/null || install_packages kubernetes-client
install_go_programs
unpack_arm64 .cache/arm64-vm download_vm 'the test on a kernel of arm64 will be skipped'
touch .cache/setup-test.done
