/**
 * What each failure means and what to do, one sentence each: for the documentation and the command line.
 * Not in the plugin image, where every byte costs start-up.
 */
import type { FailureCode } from './failure.ts';

export const FAILURE_HELP: Readonly<Record<FailureCode, string>> = {
  INCOMPATIBLE_VERSION:
    'The cniVersion of the configuration is none that the plugin speaks, or the command needs a newer one.',
  UNSUPPORTED_FIELD: 'A key of the configuration has a value that this plugin does not support.',
  UNKNOWN_CONTAINER: 'The container has no record here; the runtime need not DEL it.',
  BAD_ENVIRONMENT: 'A CNI_ variable is missing or malformed; the runtime sets them.',
  IO: 'A file or descriptor could not be read or written.',
  UNDECODABLE:
    'The configuration on stdin, or the result of a delegated plugin, is not the JSON that it should be.',
  INVALID_CONFIG: 'A key of the network configuration is missing or malformed.',
  INVALID_NETNS: 'CNI_NETNS is no network namespace, or the own one of the plugin.',
  POOL_EXHAUSTED: 'Every address of the pool is in use; add ipconfigs to the NIC or remove pods.',
  POOL_EMPTY: 'The NIC has no secondary ipconfigs; add some.',
  SOURCE_UNAVAILABLE:
    'The address source (wireserver or file) did not answer usefully and nothing is cached.',
  LOCK_TIMEOUT: 'Another call held the state lock for too long; the message names it.',
  NOT_AVAILABLE: 'STATUS: ADD cannot be served now.',
  LIMITED_CONNECTIVITY: 'STATUS: ADD cannot be served and running containers may be affected.',
  ADDRESS_UNAVAILABLE: 'The requested address is not in the pool, or somebody else holds it.',
  NO_POOL: 'No pool has the subnet or the master interface that was asked for.',
  NO_MASTER: 'No NIC has an address of the subnet; the message lists the candidates.',
  PLUGIN_NOT_FOUND: 'The IPAM plugin named by ipam.type is in no directory of CNI_PATH.',
  DELEGATE_FAILED: 'A delegated plugin failed without a usable error.',
  NETWORK_SETUP: 'The bridge of the network could not be set up; the change was undone.',
  ENDPOINT_SETUP: 'The interface of the container could not be set up; the change was undone.',
  CHECK_FAILED: 'CHECK found a difference between the result and the kernel or the records.',
  GC_INCOMPLETE: 'GC could not remove everything; the message lists what is left.',
  INTERNAL: 'A defect of the plugin; the log has the stack.',
};
