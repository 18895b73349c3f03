#!/bin/sh
# Removes a container that docker-run.sh has made, and its address. The work is done by `azure-vnet docker del`.
set -eu

usage() {
  cat <<'USAGE'
Usage: docker-del.sh <container-name> <container-namespace>

Takes the container off the network and removes it, running or not. Fine when it is gone already: then its address is
given back.
Exit status: 0 done, 1 failed, or wrong usage.
USAGE
}

# azure-vnet: beside this script, in CNI_PATH or /opt/cni/bin, or wherever the shell finds it.
find_program() {
  PATH=$(cd "$(dirname "$0")" && pwd):${CNI_PATH:-/opt/cni/bin}:$PATH
  command -v azure-vnet || {
    echo 'docker-del.sh: azure-vnet is not in /opt/cni/bin; install-cni-plugin.sh installs it' >&2
    exit 1
  }
}

case ${1:-} in
  -h | --help)
    usage
    exit 0
    ;;
esac
if [ $# != 2 ]; then
  usage
  exit 1
fi
program=$(find_program)
status=0
"$program" docker del "$@" || status=$?
if [ "$status" = 2 ]; then
  usage
  exit 1
fi
exit "$status"
