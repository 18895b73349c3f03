/** The programs that make a Linux VM a node; cloud-init writes and runs them. */

export const API_PORT = 443;
/** Where the internal load balancer sends what comes for the API, as with acs-engine; masters redirect it. */
export const API_BACK_PORT = 4443;

/** Directory of what belongs to the node: these programs and what they need to know. */
export const SETTINGS = '/etc/azure-vnet';
/** Exists when SETUP has come to its end. */
const DONE = '/var/lib/azure-vnet-setup.done';

/** Runs at the first boot; a second run changes nothing. */
export const SETUP = `#!/bin/sh
# Makes this VM a node of the cluster. May be run again.
set -eu
. ${SETTINGS}/node.env
METADATA='http://169.254.169.254/metadata/instance/network/interface/0/ipv4/ipAddress/0/privateIpAddress?api-version=2021-02-01&format=text'

stop() {
  echo "azure-vnet setup: $*" >&2
  exit 1
}

# The address that DHCP gave: its default route has it. Not all clients name it there; then Azure is asked. Azure's leases
# have no end, so nothing about the address itself tells it from those that cloud-init has added.
own_address() {
  own=$(ip -4 route show default | sed -n 's/.* src \\([0-9.]*\\).*/\\1/p' | head -n 1)
  [ -n "$own" ] || own=$(curl -fs --noproxy '*' --max-time 2 -H Metadata:true "$METADATA") || return 1
  ip -4 -o address show scope global | grep -qF " $own/"
}

# At the first boot cloud-init reads 15_azure-vnet.cfg too late: it has put every ipconfig on the NIC. Without an address
# from DHCP nothing is taken away.
give_back_pool() {
  netplan=/etc/netplan/50-cloud-init.yaml
  if [ -f "$netplan" ] && grep -q 'addresses:' "$netplan"; then
    mac=$(cat /sys/class/net/eth0/address)
    cat >"$netplan" <<EOF
network:
  version: 2
  ethernets:
    eth0:
      match: {driver: hv_netvsc, macaddress: "$mac"}
      set-name: eth0
      dhcp4: true
      dhcp4-overrides: {route-metric: 100}
      dhcp6: false
EOF
    netplan apply
  fi
  tries=60
  until own_address; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || stop 'no interface has an address from DHCP'
    sleep 1
  done
  # Otherwise all go with the first one of the subnet, which may not be the NIC's own.
  sysctl -q -w net.ipv4.conf.eth0.promote_secondaries=1
  ip -4 -o address show dev eth0 scope global | awk -v own="$own/" 'index($4, own) != 1 { print $4 }' |
    while read -r address; do ip address delete "$address" dev eth0; done
}

install_plugin() {
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  installer=$work/install-cni-plugin.sh
  curl -fsSL --retry 5 --connect-timeout 15 --max-time 300 -o "$installer" \\
    "$RELEASES_URL/$PLUGIN_VERSION/install-cni-plugin.sh" ||
    stop "cannot get the installer from $RELEASES_URL/$PLUGIN_VERSION"
  echo "$INSTALLER_SHA256  $installer" | sha256sum -c - >/dev/null ||
    stop "install-cni-plugin.sh does not have the SHA-256 $INSTALLER_SHA256"
  sh "$installer" --base-url "$RELEASES_URL" --cni-base-url "$CNI_PLUGINS_URL" "$PLUGIN_VERSION" "$CNI_PLUGINS_VERSION"
}

snat() {
  set --
  while read -r range; do set -- "$@" --cidr "$range"; done <${SETTINGS}/snat-ranges
  /opt/cni/bin/azure-vnet snat apply "$@" --persist
}

# What the internal load balancer sends comes to a port of its own.
redirect_api() {
  [ -f /etc/systemd/system/azure-vnet-api.service ] || return 0
  systemctl daemon-reload
  systemctl enable --now azure-vnet-api.service
}

give_back_pool
modprobe br_netfilter
sysctl -q -p /etc/sysctl.d/90-azure-vnet.conf
install_plugin
snat
redirect_api
touch ${DONE}
`;

/** Runs when the VM is up, by its extension: the deployment ends when the node is ready, or says why it is not. */
export const READY = `#!/bin/sh
# After setup.sh: writes the configuration of the cloud provider and runs a command. Both come by stdin, a line of
# base64 each: arguments are there for everybody to see.
set -eu
read -r cloud_config
read -r command
if [ ! -e ${DONE} ]; then
  echo 'the plugin was not installed; /var/log/cloud-init-output.log ends with:' >&2
  tail -n 20 /var/log/cloud-init-output.log >&2
  exit 1
fi
mkdir -p /etc/kubernetes
umask 077
echo "$cloud_config" | base64 -d >/etc/kubernetes/azure.json
[ -n "$command" ] || exit 0
. ${SETTINGS}/node.env
export ROLE POOL API_SERVER
program=$(mktemp)
trap 'rm -f "$program"' EXIT
echo "$command" | base64 -d >"$program"
sh "$program"
`;

function iptables(action: string): string {
  return `iptables -w 5 -t nat ${action} PREROUTING -p tcp --dport ${API_BACK_PORT} -j REDIRECT --to-ports ${API_PORT}`;
}

/** Sends what comes for the back port of the internal load balancer to the API server. */
export const API_UNIT = `[Unit]
Description=API server behind the internal load balancer
After=network-pre.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c '${iptables('-C')} || ${iptables('-A')}'

[Install]
WantedBy=multi-user.target
`;
