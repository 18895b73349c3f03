/** What runs under qemu-user, and what cannot. */
export const EMULATED_TARGET = 'linux-arm64';

/** qemu-user opens netlink sockets of rtnetlink only. */
export const NO_NF_TABLES = /netlink protocol 12: EPROTONOSUPPORT/;

/** Cases, by "level: name", that reach nf_tables; there they must get this far, and fail for that reason. */
export const QEMU_LACKS: readonly string[] = [
  'protocol: GC 1.1.0 with empty list',
  'protocol: GC 1.1.0 with old key cni.dev/attachments',
  'protocol: GC 1.1.0 with list null',
  'protocol: GC needs no container id, netns or ifname',
];
