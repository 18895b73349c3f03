/** The containers of the tests of whole calls, beside the one of machine.ts. */
import { CONTAINER, WindowsMachine } from './machine.ts';

export const OTHER = 'c0ffee12ffffffff';
export const OTHER_NAMESPACE = 'bbbbbbbb-bbbb-4ccc-8ddd-eeeeeeeeeeee';
export const WORKLOAD = 'badcafe000000001';
export const SHARED = `container:${CONTAINER}`;

/** A machine that has all of them. */
export function machine(): WindowsMachine {
  const vm = new WindowsMachine();
  vm.hns.namespaces.add(OTHER_NAMESPACE);
  for (const id of [OTHER, WORKLOAD]) vm.hns.containers.add(id);
  return vm;
}
