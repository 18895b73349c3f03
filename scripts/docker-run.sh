#!/bin/sh
# Runs a Docker container with an address of the VNet. All of the work is done by `azure-vnet docker run`.
set -eu

usage() {
  cat <<'USAGE'
Usage: docker-run.sh <container-name> <container-namespace> <image> [-p [IP:]PORT:PORT[/PROTOCOL]]... [-- COMMAND...]

Starts a container from the image and gives it an address of the pool, for example:
  docker-run.sh web default nginx
  docker-run.sh web default nginx -p 8080:80/tcp
  docker-run.sh box default alpine -- sleep infinity

  -p        a port of the node that leads to one of the container, as docker's -p; may be repeated
  COMMAND   instead of the image's own

DEBUG=1 prints the result as JSON. docker-del.sh removes the container; azure-vnet docker list shows them all.
Exit status: 0 done, 1 failed and nothing is left, or wrong usage.
USAGE
}

# azure-vnet: beside this script, in CNI_PATH or /opt/cni/bin, or wherever the shell finds it.
find_program() {
  PATH=$(cd "$(dirname "$0")" && pwd):${CNI_PATH:-/opt/cni/bin}:$PATH
  command -v azure-vnet || {
    echo 'docker-run.sh: azure-vnet is not in /opt/cni/bin; install-cni-plugin.sh installs it' >&2
    exit 1
  }
}

case ${1:-} in
  -h | --help)
    usage
    exit 0
    ;;
esac
if [ $# -lt 3 ]; then
  usage
  exit 1
fi
program=$(find_program)
if [ "${DEBUG:-0}" != 0 ]; then set -- --json "$@"; fi
status=0
"$program" docker run "$@" || status=$?
if [ "$status" = 2 ]; then
  usage
  exit 1
fi
exit "$status"
