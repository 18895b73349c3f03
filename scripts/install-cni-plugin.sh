#!/bin/sh
# Installs the Azure Virtual Network CNI plugin on this machine: azure-vnet and azure-vnet-ipam with their network
# configuration, and portmap and loopback of containernetworking/plugins. All is downloaded, verified and tried
# before anything is touched; files are replaced by rename, the network configuration last.
set -eu

# Set by make release RELEASES_URL=…; below it are <version>/<archive> and <version>/SHA256SUMS.
RELEASES_URL=''
# Set by make release: what is installed when no version is named.
PLUGIN_VERSION=''
CNI_VERSION=v1.0.1
CNI_RELEASES_URL=https://github.com/containernetworking/plugins/releases/download

bin_dir=/opt/cni/bin
conf_dir=/etc/cni/net.d
state_dir=/run/azure-vnet
from=
base_url=
cni_base_url=
action=install
dry_run=
packages=yes
CONFLIST=10-azure.conflist
MANIFEST=.azure-vnet-cni.sha256
# Set where this runs in a container with the directories of the node, whose programs are not to be judged.
CONTAINER=${AZURE_VNET_INSTALL_IN_CONTAINER:-}
OWN='azure-vnet azure-vnet-ipam'
CHAINED='portmap loopback'
CONNECT_S=15
DOWNLOAD_S=600

usage() {
  cat <<USAGE
Usage: install-cni-plugin.sh [FLAGS] [azure-cni-plugin-version] [cni-plugin-version]

Installs the Azure Virtual Network CNI plugin, for example: install-cni-plugin.sh v0.1.0 v1.0.1

  --from DIR          takes the archives and SHA256SUMS from a directory: nothing is downloaded
  --base-url URL      downloads both archives from a mirror: URL/<version>/<archive>, with the checksums
  --cni-base-url URL  downloads the archive of containernetworking/plugins from another mirror
  --bin-dir DIR       directory of the plugins; /opt/cni/bin when absent
  --conf-dir DIR      directory of the network configurations; /etc/cni/net.d when absent
  --uninstall         removes what was installed
  --dry-run           says what would be done and changes nothing
  --no-packages       installs no package where a program is missing; then it says which
  --help              prints this text

The second version is that of containernetworking/plugins; $CNI_VERSION when absent.
Exit status: 0 done, 1 failed and nothing was changed, 2 wrong usage.
USAGE
}

say() {
  echo "install-cni-plugin: $*"
}

stop() {
  echo "install-cni-plugin: $*" >&2
  exit 1
}

wrong_usage() {
  echo "install-cni-plugin: $*; --help tells how it is used" >&2
  exit 2
}

# ---- arguments ----

read_arguments() {
  plugin_version=
  cni_version=
  while [ $# -gt 0 ]; do
    case $1 in
      --from | --base-url | --cni-base-url | --bin-dir | --conf-dir)
        [ -n "${2:-}" ] || wrong_usage "$1 needs a value"
        read_flag "$1" "$2"
        shift
        ;;
      --uninstall) action=uninstall ;;
      --dry-run) dry_run=yes ;;
      --no-packages) packages= ;;
      -h | --help)
        usage
        exit 0
        ;;
      -*) wrong_usage "there is no flag $1" ;;
      *) read_version "$1" ;;
    esac
    shift
  done
  [ -z "$from" ] || [ -z "$base_url$cni_base_url" ] || wrong_usage '--from and --base-url exclude each other'
}

read_flag() {
  case $1 in
    --from) from=$2 ;;
    --base-url) base_url=${2%/} ;;
    --cni-base-url) cni_base_url=${2%/} ;;
    --bin-dir) bin_dir=$(absolute "$1" "$2") ;;
    --conf-dir) conf_dir=$(absolute "$1" "$2") ;;
  esac
}

absolute() {
  case $2 in
    /*) echo "${2%/}" ;;
    *) wrong_usage "$1 needs an absolute path, but got \"$2\"" ;;
  esac
}

read_version() {
  # It becomes a part of names and addresses.
  case $1 in
    *[!0-9A-Za-z.+-]*) wrong_usage "\"$1\" is no version; expected one such as v1.0.1" ;;
    v[0-9]*) ;;
    *) wrong_usage "\"$1\" is no version; expected one such as v1.0.1" ;;
  esac
  if [ -z "$plugin_version" ]; then
    plugin_version=$1
  elif [ -z "$cni_version" ]; then
    cni_version=$1
  else
    wrong_usage "\"$1\" is one word too many"
  fi
}

# ---- what is to be installed, and from where ----

choose_architecture() {
  [ "$(uname -s)" = Linux ] || stop "this installs on Linux; $(uname -s) is not supported"
  machine=$(uname -m)
  case $machine in
    x86_64 | amd64) architecture=amd64 ;;
    aarch64 | arm64) architecture=arm64 ;;
    *) stop "the machine is $machine; there are archives for x86_64 and aarch64 only" ;;
  esac
}

choose_source() {
  here=$(cd "$(dirname "$0")" && pwd)
  if [ -z "$from$base_url" ]; then
    if [ -n "$RELEASES_URL" ]; then
      base_url=$RELEASES_URL
      cni_base_url=${cni_base_url:-$CNI_RELEASES_URL}
    else
      find_local_release
    fi
  elif [ -n "$base_url" ]; then
    cni_base_url=${cni_base_url:-$base_url}
  fi
  [ -z "$from" ] || [ -d "$from" ] || stop "--from $from: there is no such directory"
  plugin_version=${plugin_version:-${PLUGIN_VERSION:-$(only_version)}}
  [ -n "$plugin_version" ] || stop 'name the version of the plugin to install, such as v0.1.0'
  cni_version=${cni_version:-$CNI_VERSION}
  plugin_archive=azure-vnet-cni-linux-$architecture-$plugin_version.tgz
  cni_archive=cni-plugins-linux-$architecture-$cni_version.tgz
}

# A script that was not released finds what `make release` has made.
find_local_release() {
  for directory in "$here" "$here/../dist/release"; do
    if [ -f "$directory/SHA256SUMS" ]; then
      local_release=$(cd "$directory" && pwd)
      cni_base_url=${cni_base_url:-$CNI_RELEASES_URL}
      return
    fi
  done
  stop 'this script does not know where releases are: name it with --base-url URL or --from DIR'
}

# The version in a directory that has one archive for this machine; nothing otherwise.
only_version() {
  found=
  for archive in "${from:-${local_release:-/nonexistent}}/azure-vnet-cni-linux-$architecture-"*.tgz; do
    [ -f "$archive" ] || continue
    [ -z "$found" ] || return 0
    found=${archive##*"-linux-$architecture-"}
  done
  echo "${found%.tgz}"
}

# Puts the file $2 of release $3 below the URL $1, or of a directory, to the work directory.
fetch() {
  directory=${from:-$4}
  if [ -n "$directory" ]; then
    [ -f "$directory/$2" ] || return 1
    cp "$directory/$2" "$work/$2" 2>"$work/said" || stop "cannot copy $directory/$2: $(cat "$work/said")"
  else
    download "$1/$3/$2" "$work/$2"
  fi
}

# What it says is kept in memory: the disk may be what is full.
download() {
  if command -v curl >/dev/null; then
    downloader_said=$(curl -fsSL --retry 2 --connect-timeout "$CONNECT_S" --max-time "$DOWNLOAD_S" -o "$2" "$1" 2>&1)
  else
    downloader_said=$(wget -nv --tries=3 --timeout="$CONNECT_S" -O "$2" "$1" 2>&1)
  fi
}

# install_packages WHY PACKAGE...: what a small Debian or Ubuntu may not have. True when they are there now.
install_packages() {
  if [ -n "$dry_run" ] || [ -z "$packages" ] || ! command -v apt-get >/dev/null; then return 1; fi
  why=$1
  shift
  say "installing $* with apt-get, $why"
  apt_get install "$@" || { apt_get update && apt_get install "$@"; }
}

apt_get() {
  action_of_apt=$1
  shift
  DEBIAN_FRONTEND=noninteractive apt-get "$action_of_apt" -y -qq --no-install-recommends "$@" >"$work/apt" 2>&1
}

get() {
  source_text=${from:-${4:-$1/$3}}
  fetch "$@" || stop "cannot get $source_text/$2: $(said)$(advice "${from:-$4}" "$2")"
}

# What the directory $1 has instead of the file $2, or where that file is to be had.
advice() {
  [ -n "$1" ] && [ ! -e "$1/$2" ] || return 0
  case $2 in
    "$plugin_archive")
      for archive in "$1/azure-vnet-cni-linux-$architecture-"*.tgz; do
        [ -f "$archive" ] || continue
        archive=${archive##*"-linux-$architecture-"}
        printf '; there is %s' "${archive%.tgz}"
      done
      ;;
    "$cni_archive"*) printf '; get it from %s' "$CNI_RELEASES_URL/$cni_version/$2" ;;
  esac
}

said() {
  if [ -n "$downloader_said" ]; then
    printf '%s' "$downloader_said" | tr '\n' ' '
  elif [ -s "$work/said" ]; then
    tr '\n' ' ' <"$work/said"
  else
    echo 'no such file'
  fi
}

get_archives() {
  if [ -z "$from" ] && ! command -v curl >/dev/null && ! command -v wget >/dev/null; then
    install_packages 'to download' curl ca-certificates ||
      stop 'neither curl nor wget is installed: apt-get install curl ca-certificates, or use --from DIR'
  fi
  get "$base_url" "$plugin_archive" "$plugin_version" "${local_release:-}"
  get "$base_url" SHA256SUMS "$plugin_version" "${local_release:-}"
  verify "$plugin_archive" "$work/SHA256SUMS"
  get "$cni_base_url" "$cni_archive" "$cni_version" ''
  # A directory may list it in its SHA256SUMS, as the checksums of a release are beside each archive.
  if [ -n "$from" ] && grep -q " [ *]$cni_archive\$" "$work/SHA256SUMS"; then
    verify "$cni_archive" "$work/SHA256SUMS"
  else
    get "$cni_base_url" "$cni_archive.sha256" "$cni_version" ''
    verify "$cni_archive" "$work/$cni_archive.sha256"
  fi
}

# Compares the SHA-256 of the archive $1 with the line for it in the list $2.
verify() {
  wanted=$(awk -v name="$1" '$2 == name || $2 == "*" name { print tolower($1); exit }' "$2")
  [ ${#wanted} = 64 ] || stop "$(basename "$2") has no SHA-256 for $1; nothing was changed"
  actual=$(sha256 "$work/$1")
  [ "$actual" = "$wanted" ] ||
    stop "$1 is damaged or not what was released: its SHA-256 is $actual, expected $wanted; nothing was changed"
}

sha256() {
  sha256sum "$1" | cut -d ' ' -f 1
}

# ---- staging: beside where the files go, so that a rename is all that is left ----

stage() {
  make_directory "$bin_dir"
  make_directory "$conf_dir"
  staged=$(mktemp -d "$bin_dir/.install-cni-plugin.XXXXXX" 2>"$work/said") || stop "$bin_dir, $(free "$bin_dir"): $(said)"
  # shellcheck disable=SC2086
  extract "$plugin_archive" $OWN "$CONFLIST"
  # shellcheck disable=SC2086
  extract "$cni_archive" $CHAINED
  for name in $OWN $CHAINED; do
    chmod 0755 "$staged/$name"
    try "$staged/$name"
  done
  staged_conflist=$(mktemp "$conf_dir/.$CONFLIST.XXXXXX" 2>"$work/said") || stop "$conf_dir, $(free "$conf_dir"): $(said)"
  cat "$staged/$CONFLIST" 2>"$work/said" >"$staged_conflist" || stop "$conf_dir, $(free "$conf_dir"): $(said)"
  chmod 0644 "$staged_conflist"
  for name in $OWN $CHAINED; do
    echo "$(sha256 "$staged/$name")  $bin_dir/$name"
  done >"$staged/$MANIFEST"
  echo "$(sha256 "$staged/$CONFLIST")  $conf_dir/$CONFLIST" >>"$staged/$MANIFEST"
}

# Makes a directory and remembers what was missing on the way, innermost last.
make_directory() {
  missing=
  path=$1
  while [ ! -d "$path" ]; do
    missing="$path
$missing"
    path=$(dirname "$path")
  done
  [ -n "$missing" ] || return 0
  made="$made$missing"
  mkdir -p "$1" 2>"$work/said" || stop "cannot make $1: $(said)"
}

free() {
  df -Pk "$1" | awk 'NR == 2 { print "which has " $4 " KiB of free space" }'
}

# Takes files out of an archive, whether it has them as name or ./name; they must be plain files.
extract() {
  archive=$1
  shift
  tar -tzf "$work/$archive" >"$work/members" 2>"$work/said" || stop "$archive: $(said)"
  # The members take the place of the names, one by one.
  for name in "$@"; do
    member=$(grep -xF -e "$name" -e "./$name" "$work/members" | head -n 1)
    [ -n "$member" ] || stop "$archive has no $name; nothing was changed"
    shift
    set -- "$@" "$member"
  done
  tar -xzf "$work/$archive" -C "$staged" -o "$@" 2>"$work/said" ||
    stop "cannot unpack to $bin_dir, $(free "$bin_dir"): $(said)"
  for name in "$@"; do
    if [ -h "$staged/$name" ] || [ ! -f "$staged/$name" ]; then stop "$archive: $name is no plain file"; fi
  done
}

# A plugin answers to VERSION without touching anything (CNI specification, "VERSION").
try() {
  answer=$(echo '{"cniVersion":"0.4.0"}' | CNI_COMMAND=VERSION CNI_PATH=$bin_dir "$1" 2>&1) ||
    stop "$1 does not run on this machine: $answer"
  case $answer in
    *'"supportedVersions"'*) ;;
    *) stop "$1 does not answer to VERSION: $answer" ;;
  esac
}

# ---- changing the machine ----

commit() {
  mkdir "$staged/old"
  for name in $OWN $CHAINED $MANIFEST; do
    if [ -e "$bin_dir/$name" ] || [ -h "$bin_dir/$name" ]; then
      keep "$bin_dir/$name" "$staged/old/$name" 2>"$work/said" || stop "$bin_dir: $(said)"
    fi
  done
  committing=yes
  for name in $OWN $CHAINED; do
    # A copy of the same bytes stays: whoever runs it is not disturbed. mv would also fail for the same inode.
    if is_current "$name"; then
      rm -f "$staged/$name"
    else
      mv -f "$staged/$name" "$bin_dir/$name"
      changed="$changed $name"
    fi
  done
  for name in $OWN $CHAINED; do try "$bin_dir/$name"; done
  as_installed=$(recorded "$conf_dir/$CONFLIST")
  mv -f "$staged/$MANIFEST" "$bin_dir/$MANIFEST"
  commit_conflist
  committing=
}

# Another name for the same file; of a symbolic link a copy, as not every ln can name one twice.
keep() {
  if [ -h "$1" ]; then cp -P "$1" "$2"; else ln "$1" "$2"; fi
}

# The two names of our executable must be one file: that is how azure-vnet sees that IPAM is its own.
is_current() {
  [ -f "$bin_dir/$1" ] && [ ! -h "$bin_dir/$1" ] && [ -x "$bin_dir/$1" ] || return 1
  cmp -s "$bin_dir/$1" "$staged/$1" || return 1
  case $1 in
    azure-vnet*) same_file "$bin_dir/azure-vnet" "$bin_dir/azure-vnet-ipam" ;;
  esac
}

same_file() {
  identity=$(stat -c %d:%i "$1" 2>/dev/null) && [ "$identity" = "$(stat -c %d:%i "$2" 2>/dev/null)" ]
}

# Replaces the configuration if it is as it was installed, and leaves an edited one alone.
commit_conflist() {
  target=$conf_dir/$CONFLIST
  if [ -f "$target" ] && cmp -s "$target" "$staged_conflist"; then
    rm -f "$staged_conflist"
  elif [ -e "$target" ] && [ "$(sha256 "$target")" != "$as_installed" ]; then
    mv -f "$staged_conflist" "$target.new"
    say "$target was edited and is left as it is; the one of $plugin_version is $target.new"
  else
    mv -f "$staged_conflist" "$target"
    changed="$changed $CONFLIST"
  fi
}

# The SHA-256 of a file as this script has installed it; empty for one that it has not.
recorded() {
  [ -f "$bin_dir/$MANIFEST" ] || return 0
  awk -v path="$1" 'substr($0, 67) == path { print $1; exit }' "$bin_dir/$MANIFEST"
}

# Everything that is not finished is undone, whatever ended the script.
clean_up() {
  status=$?
  trap - EXIT
  trap '' HUP INT TERM
  if [ -n "$committing" ]; then
    for name in $OWN $CHAINED $MANIFEST; do
      if [ ! -h "$bin_dir/$name" ] && same_file "$staged/old/$name" "$bin_dir/$name"; then
        continue
      elif [ -e "$staged/old/$name" ] || [ -h "$staged/old/$name" ]; then
        mv -f "$staged/old/$name" "$bin_dir/$name"
      else
        rm -f "$bin_dir/$name"
      fi
    done
    echo 'install-cni-plugin: not finished; the plugins are as they were' >&2
  fi
  [ -z "$staged" ] || rm -rf "$staged"
  [ -z "$staged_conflist" ] || rm -f "$staged_conflist"
  [ "$status" = 0 ] || remove_made
  [ -z "$work" ] || rm -rf "$work"
  exit "$status"
}

remove_made() {
  printf '%s' "$made" | sort -r | while IFS= read -r directory; do
    [ ! -d "$directory" ] || rmdir "$directory" 2>/dev/null || true
  done
}

begin() {
  [ -n "$dry_run" ] || [ "$(id -u)" = 0 ] || stop 'this changes system directories: run it as root'
  umask 022
  work=
  downloader_said=
  staged=
  staged_conflist=
  made=
  changed=
  committing=
  trap clean_up EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  for program in tar gzip sha256sum awk cmp; do
    command -v "$program" >/dev/null || stop "$program is missing: apt-get install tar gzip coreutils mawk diffutils"
  done
  work=$(mktemp -d) || stop "no directory for temporary files in ${TMPDIR:-/tmp}"
}

install_all() {
  choose_architecture
  choose_source
  say "azure-vnet $plugin_version and containernetworking plugins $cni_version for $architecture"
  get_archives
  if [ -n "$dry_run" ]; then
    say "both archives are verified; would install $OWN $CHAINED to $bin_dir and $CONFLIST to $conf_dir"
    return
  fi
  stage
  need_iptables
  commit
  if [ -n "$changed" ]; then say "installed$changed"; else say 'all was there already'; fi
  look_around
  name_command
}

look_around() {
  for file in "$conf_dir"/*.conf "$conf_dir"/*.conflist "$conf_dir"/*.json; do
    [ -f "$file" ] || continue
    # The first one in this order is the one that a runtime takes.
    first=$(printf '%s\n%s\n' "$(basename "$file")" "$CONFLIST" | LC_ALL=C sort | head -n 1)
    [ "$first" = "$CONFLIST" ] || say "note: runtimes take $file before $CONFLIST; move it away to use azure-vnet"
  done
}

# The plugin is a command as well, in a directory that is on no PATH.
name_command() {
  if [ -n "$CONTAINER" ] || command -v azure-vnet >/dev/null; then return; fi
  say "$bin_dir/azure-vnet doctor examines the node; to call it from anywhere: ln -s $bin_dir/azure-vnet /usr/local/bin/"
}

# Not needed for the installation itself, so it goes on without.
need_iptables() {
  if [ -n "$CONTAINER" ] || command -v iptables >/dev/null || [ -x /usr/sbin/iptables ]; then return; fi
  install_packages 'for host ports and the internet access of pods' iptables ||
    say 'note: iptables is missing, which portmap and the internet access of pods need: apt-get install iptables'
}

# ---- removing ----

uninstall_all() {
  [ -z "$plugin_version$from$base_url$cni_base_url" ] || wrong_usage '--uninstall takes neither version nor source'
  for record in "$state_dir/networks"/*; do
    [ ! -e "$record" ] || stop "the node's network runs over a bridge of azure-vnet, which only it can give back:
  run $bin_dir/azure-vnet uninstall first (it tells more with --help); nothing was changed"
  done
  # The configuration first, so that no runtime calls a plugin that is going.
  remove_conflist
  for name in $OWN $CHAINED; do remove_plugin "$bin_dir/$name"; done
  if [ -f "$bin_dir/$MANIFEST" ]; then remove "$bin_dir/$MANIFEST"; fi
}

remove_conflist() {
  target=$conf_dir/$CONFLIST
  if [ -e "$target.new" ]; then remove "$target.new"; fi
  [ -e "$target" ] || return 0
  if [ "$(sha256 "$target")" = "$(recorded "$target")" ]; then
    remove "$target"
  elif [ -n "$dry_run" ]; then
    say "would keep the edited $target as $target.saved"
  else
    mv -f "$target" "$target.saved"
    say "kept the edited $target as $target.saved"
  fi
}

# portmap and loopback may be of somebody else: they go only if they are as this script has installed them.
remove_plugin() {
  [ -e "$1" ] || return 0
  if [ "$(sha256 "$1")" = "$(recorded "$1")" ]; then
    remove "$1"
  else
    say "left $1 alone: it is not as it was installed"
  fi
}

remove() {
  if [ -n "$dry_run" ]; then
    say "would remove $1"
  else
    rm -f "$1"
    say "removed $1"
  fi
}

read_arguments "$@"
begin
case $action in
  install) install_all ;;
  uninstall) uninstall_all ;;
esac
