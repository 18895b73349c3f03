#!/bin/sh
# The first program of the VM of arm64-vm.ts: an Azure VM as the plugin sees it, then each step with its status.
#   fabric: fab0 10.91.0.1, 168.63.129.16 with the wireserver ───veth─── eth0 10.91.0.4 :VM
# Every step prints "@@ NAME", what it prints, and "@@ = STATUS".
export PATH=/sbin:/bin:/usr/sbin:/usr/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
mkdir -p /run/netns

# By path: the shell is busybox, which would take its own ip.
ip() { /bin/ip "$@"; }

step() {
  echo
  echo "@@ $1"
  shift
  "$@"
  status=$?
  echo
  echo "@@ = $status"
}

fabric() {
  ip link set lo up
  ip netns add fabric
  ip link add eth0 address 00:0d:3a:00:00:04 type veth peer name fab0 netns fabric
  ip addr add 10.91.0.4/24 brd + dev eth0
  ip link set eth0 up
  ip route add default via 10.91.0.1
  ip -n fabric link set lo up
  ip -n fabric addr add 10.91.0.1/24 dev fab0
  ip -n fabric addr add 168.63.129.16/32 dev fab0
  ip -n fabric link set fab0 up
  ip netns exec fabric httpd -p 168.63.129.16:80 -h /www
}

# call COMMAND CONTAINER [KEY:VALUE]
call() {
  config="{\"cniVersion\":\"1.1.0\",\"name\":\"azure\",\"type\":\"azure-vnet\",\"bridge\":\"azure0\",\"ipam\":{\"type\":\"azure-vnet-ipam\"}${3:+,$3}}"
  echo "$config" | CNI_COMMAND=$1 CNI_CONTAINERID=container-$2 CNI_NETNS=/run/netns/$2 CNI_IFNAME=eth0 \
    CNI_PATH=/opt/cni/bin /opt/cni/bin/azure-vnet
}

add() {
  ip netns add "$1" && call ADD "$1" >"/run/result-$1"
  status=$?
  cat "/run/result-$1"
  return $status
}

answers() {
  ip netns exec "$1" ping -n -q -c 1 -W 5 "$2"
}

step machine uname -srm
step fabric fabric
step STATUS call STATUS one
step 'ADD one' add one
step 'ADD two' add two
step 'CHECK one' call CHECK one "\"prevResult\":$(cat /run/result-one)"
for target in 10.91.0.1 168.63.129.16 10.91.0.4 10.91.0.11; do step "one → $target" answers one $target; done
step 'fabric → one' answers fabric 10.91.0.10
step status /opt/cni/bin/azure-vnet status --json
step 'DEL one' call DEL one
step 'DEL two' call DEL two
step 'status without pods' /opt/cni/bin/azure-vnet status --json
step uninstall /opt/cni/bin/azure-vnet uninstall
step links ip -br addr
poweroff -f
