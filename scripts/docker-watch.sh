#!/bin/sh
# Attaches containers of docker-run.sh that Docker starts again: after `docker restart`, by a restart policy, when the
# daemon or the machine starts. Runs until the daemon ends; conf/azure-vnet-docker.service keeps it running.
set -eu

# azure-vnet: beside this script, in CNI_PATH or /opt/cni/bin, or wherever the shell finds it.
find_program() {
  PATH=$(cd "$(dirname "$0")" && pwd):${CNI_PATH:-/opt/cni/bin}:$PATH
  command -v azure-vnet || {
    echo 'docker-watch.sh: azure-vnet is not in /opt/cni/bin; install-cni-plugin.sh installs it' >&2
    exit 1
  }
}

# Without a pipe, whose first program would outlive this script.
begin() {
  directory=$(mktemp -d)
  events=
  trap clean_up EXIT
  trap 'exit 143' HUP INT TERM
  mkfifo "$directory/events"
}

clean_up() {
  trap - EXIT
  if [ -n "$events" ]; then kill "$events" 2>/dev/null || true; fi
  rm -rf "$directory"
}

program=$(find_program)
begin
# What happens while the first repair is at work is in the events as well.
since=$(date +%s)
"$program" docker repair || echo 'docker-watch.sh: not all containers could be attached; watching goes on' >&2
docker events --since "$since" --format '{{.Actor.ID}}' --filter type=container --filter label=azure-vnet.namespace \
  --filter event=start --filter event=die --filter event=destroy >"$directory/events" &
events=$!
while read -r id; do
  "$program" docker repair "$id" || echo "docker-watch.sh: container $id could not be attached" >&2
done <"$directory/events"
