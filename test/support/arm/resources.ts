/** Questions about the resources of a template after its loops have run. */
import type { ExpandedResource } from './expand.ts';
import { idOf } from './expression.ts';

export function ofType(resources: readonly ExpandedResource[], kind: string): ExpandedResource[] {
  return resources.filter(({ type }) => type.split('/').slice(1).join('/') === kind);
}

/** Empty lists mean nothing to Azure, and the schemas have no use for them. */
export function withoutLists(resource: ExpandedResource): unknown {
  return JSON.parse(JSON.stringify(resource));
}

export function idsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(idsIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'id' && typeof inner === 'string' ? [inner] : idsIn(inner),
  );
}

/** What a resource has inside that others refer to. */
export function partsOf({ type, name, properties }: ExpandedResource): string[] {
  const kinds = [
    'subnets',
    'frontendIPConfigurations',
    'backendAddressPools',
    'probes',
    'inboundNatRules',
    'inboundNatPools',
  ];
  return kinds.flatMap((kind) =>
    (properties[kind] ?? []).map((part: { name: string }) => idOf(`${type}/${kind}`, [name, part.name])),
  );
}

/** The resource that an id is, or is part of. */
export function ownerOf(id: string, ids: readonly string[]): string | undefined {
  const lower = id.toLowerCase();
  return ids.find((owner) => lower === owner || lower.startsWith(`${owner}/`));
}

export function reachable(waits: ReadonlyMap<string, readonly string[]>, from: string): Set<string> {
  const found = new Set<string>();
  const visit = (id: string): void => {
    for (const next of waits.get(id) ?? []) {
      if (!found.has(next)) {
        found.add(next);
        visit(next);
      }
    }
  };
  visit(from);
  return found;
}

export function cyclesIn(waits: ReadonlyMap<string, readonly string[]>): string[] {
  return [...waits.keys()].filter((id) => reachable(waits, id).has(id));
}

/** The configurations of the cloud provider that extensions get, decoded. */
export function cloudConfigs(resources: readonly ExpandedResource[]): string[] {
  const scripts = [...JSON.stringify(resources).matchAll(/"script":"([^"]+)"/g)].map(([, text]) =>
    decoded(text),
  );
  const commands = [...JSON.stringify(resources).matchAll(/"commandToExecute":"((?:[^"\\]|\\.)*)"/g)];
  return [...scripts, ...commands.map(([, text]) => text ?? '')].flatMap((text) =>
    [...text.matchAll(/[A-Za-z0-9+/]{40,}={0,2}/g)].map(([inner]) => decoded(inner)),
  );
}

export function decoded(base64: string | undefined): string {
  return Buffer.from(base64 ?? '', 'base64').toString();
}
