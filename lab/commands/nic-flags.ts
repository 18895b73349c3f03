/** The NIC of a VM, from the flags of `lab up` and `lab vm add`. */
import type { VmOptions } from '../vm/make.ts';
import { type Arguments, countFlag, given, textFlag } from './command.ts';

export function nicFlags(args: Arguments): VmOptions {
  const eth1 = textFlag(args, 'eth1');
  const mtu = countFlag(args, 'mtu');
  return {
    ...given({
      subnet: textFlag(args, 'subnet'),
      primary: textFlag(args, 'primary'),
      secondaries: countFlag(args, 'secondaries'),
      mac: textFlag(args, 'mac'),
      mtu,
    }),
    ...(eth1 === undefined ? {} : { extraNics: [{ subnet: eth1, ...given({ mtu }) }] }),
  };
}
