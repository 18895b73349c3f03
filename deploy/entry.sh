#!/bin/sh
# Entry point of the image: installs what is in it to the directories of the node, and again when something of it is
# gone. The directories are mounted at the paths that they have on the node.
set -eu

RELEASES=${RELEASES:-/releases}
# Of the cluster, not of the image: what the image must have in it.
CHECKSUMS=${CHECKSUMS:-/checksums/SHA256SUMS}
INSTALLED=${TMPDIR:-/tmp}/installed
MANIFEST=/opt/cni/bin/.azure-vnet-cni.sha256
CONFLIST=/etc/cni/net.d/10-azure.conflist
LOOK_S=${LOOK_S:-60}

say() {
  echo "azure-vnet-install: $*"
}

# An image with other archives than the cluster was told of installs nothing.
compare_checksums() {
  if [ ! -f "$CHECKSUMS" ]; then
    say "there is no $CHECKSUMS: mount the checksums of the release (configMap azure-vnet-checksums)" >&2
    return 1
  fi
  if ! cmp -s "$CHECKSUMS" "$RELEASES/SHA256SUMS"; then
    say "the checksums of this image are not those of $CHECKSUMS; nothing was installed" >&2
    return 1
  fi
}

install_release() {
  AZURE_VNET_INSTALL_IN_CONTAINER=yes sh "$RELEASES/install-cni-plugin.sh" --no-packages --from "$RELEASES" \
    "$(cat "$RELEASES/PLUGIN_VERSION")" "$(cat "$RELEASES/CNI_VERSION")"
}

# The configuration may be edited; it only has to be there. busybox has -s, GNU has --status.
is_installed() {
  [ -f "$CONFLIST" ] && [ -f "$MANIFEST" ] &&
    grep -v " $CONFLIST\$" "$MANIFEST" | sha256sum -c >/dev/null 2>&1
}

trap 'exit 0' INT TERM
rm -f "$INSTALLED"
compare_checksums
install_release
: >"$INSTALLED"
while :; do
  # In the background, so that a signal is not kept waiting.
  sleep "$LOOK_S" &
  wait $!
  is_installed && continue
  say 'something of it is gone or was changed; installing it again'
  rm -f "$INSTALLED"
  install_release && : >"$INSTALLED"
done
