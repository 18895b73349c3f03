/** Where a container stands between docker, our record of it and the plugin's endpoint. Pure. */
import type { Result } from '../../sys/result.ts';
import type { DockerContainer } from './container.ts';
import type { DockerRecord } from './records.ts';

export interface DockerFacts {
  /** Undefined for a record whose container is gone. */
  readonly container?: DockerContainer;
  readonly record?: DockerRecord;
  /** The namespace of a running container, or why it has none for us. */
  readonly sandbox?: Result<string, string>;
  /** The plugin has a complete endpoint for it. */
  readonly endpointStands: boolean;
}

export type Standing =
  /** Runs and has its address. */
  | { readonly state: 'attached' }
  /** Runs without: is to be attached. */
  | { readonly state: 'detached'; readonly why: string }
  /** Runs and cannot be attached. */
  | { readonly state: 'refused'; readonly why: string }
  /** Does not run and holds nothing. */
  | { readonly state: 'stopped' }
  /** Does not run and holds address and ports still. */
  | { readonly state: 'holding'; readonly why: string }
  /** Only the record is left. */
  | { readonly state: 'gone'; readonly why: string };

export function standingOf({ container, record, sandbox, endpointStands }: DockerFacts): Standing {
  if (container === undefined) return { state: 'gone', why: 'the container was removed' };
  if (sandbox === undefined || container.pid === 0) {
    if (record === undefined || record.netns === '') return { state: 'stopped' };
    return { state: 'holding', why: 'the container has stopped' };
  }
  if (!sandbox.ok) return { state: 'refused', why: sandbox.error };
  if (record === undefined || record.netns === '') return { state: 'detached', why: 'it has no address' };
  if (record.netns !== sandbox.value) return { state: 'detached', why: 'it has started again' };
  if (record.result === undefined) return { state: 'detached', why: 'its ADD was interrupted' };
  if (!endpointStands) return { state: 'detached', why: 'its endpoint is gone' };
  return { state: 'attached' };
}

/** True when `azure-vnet docker repair` has something to do, or somebody has. */
export function needsRepair({ state }: Standing): boolean {
  return state !== 'attached' && state !== 'stopped';
}

/** `web (default)`, as every line names a container. */
export function labelOf({ container, record }: DockerFacts): string {
  const { name, namespace } = container ?? record ?? { name: '?', namespace: undefined };
  return `${name} (${namespace ?? record?.namespace ?? '?'})`;
}
