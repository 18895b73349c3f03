/** A resource of a template. */

/** Properties as Resource Manager defines them; what is undefined is left out. */
export type Properties = Readonly<Record<string, unknown>>;

export interface Resource {
  readonly type: string;
  readonly apiVersion: string;
  readonly name: string;
  readonly location: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly sku?: Properties;
  readonly zones?: readonly string[];
  readonly identity?: { readonly type: 'SystemAssigned' };
  readonly copy?: { readonly name: string; readonly count: number };
  readonly dependsOn?: readonly string[];
  readonly properties: Properties;
}

export const NETWORK = 'Microsoft.Network';
export const COMPUTE = 'Microsoft.Compute';

/** Versions of the interfaces, the same for all resources of a provider. */
export const API_VERSIONS = { [NETWORK]: '2018-08-01', [COMPUTE]: '2018-06-01' } as const;

export const LOCATION = "[parameters('location')]";

export function resource(
  provider: keyof typeof API_VERSIONS,
  kind: string,
  rest: Omit<Resource, 'type' | 'apiVersion' | 'location'>,
): Resource {
  const { name, ...others } = rest;
  const type = `${provider}/${kind}`;
  return { type, apiVersion: API_VERSIONS[provider], name, location: LOCATION, ...others };
}
