/**
 * The arm64 executable under qemu-user: all that the protocol demands, and azure-vnet-ipam as a whole. What
 * delegation and the bridge need of netlink, qemu-user does not pass on.
 */
import { defineEmulatedCases } from './define.ts';

defineEmulatedCases('protocol');
defineEmulatedCases('ipam');
