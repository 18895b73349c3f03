/** Definitions and what is generated of them, for tests. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ClusterDefinition } from '../../../src/cluster/definition.ts';
import { generateCluster, type PluginRelease } from '../../../src/cluster/generate.ts';
import type { AddressPlan } from '../../../src/cluster/plan.ts';
import { planAddresses } from '../../../src/cluster/plan-addresses.ts';
import { readDefinition } from '../../../src/cluster/read-definition.ts';
import { type Cidr, parseCidr } from '../../../src/net/cidr.ts';
import { type ArmTemplate, type Expanded, expand } from './expand.ts';

export const RELEASE: PluginRelease = {
  version: 'v0.1.0',
  url: 'https://releases.example/download',
  installerSha256: 'a'.repeat(64),
  windowsInstallerSha256: 'b'.repeat(64),
};

export interface GeneratedCluster {
  readonly definition: ClusterDefinition;
  readonly plan: AddressPlan;
  readonly unfilled: readonly string[];
  /** Text by path. */
  readonly files: ReadonlyMap<string, string>;
  readonly template: ArmTemplate;
  readonly parameters: Readonly<Record<string, { readonly value?: unknown; readonly reference?: unknown }>>;
  /** Deployed with the file of parameters, and SECRET for what comes from a vault. */
  readonly expanded: Expanded;
}

export const SECRET = 'what-the-vault-has';

/** The ranges of subnets that examples name and do not tell. */
const SUBNETS = new Map([['agents', parseCidr('10.10.16.0/20')]]) as ReadonlyMap<string, Cidr>;

/** Text of a definition in examples/cluster. */
export function example(name: string): string {
  return readFileSync(fileURLToPath(new URL(`../../../examples/cluster/${name}`, import.meta.url)), 'utf8');
}

/** Throws with the findings when the definition has errors. */
export function generated(text: string, release: PluginRelease = RELEASE): GeneratedCluster {
  const { definition, findings } = readDefinition(
    text,
    text.includes('/subnets/agents"') ? { subnets: SUBNETS } : {},
  );
  if (definition === undefined) throw new Error(findings.map(({ message }) => message).join('\n'));
  const plan = planAddresses(definition);
  const result = generateCluster(definition, plan, release);
  if (!result.ok) throw new Error(result.error);
  const files = new Map(result.value.files.map(({ path, text: content }) => [path, content]));
  const json = (path: string) => JSON.parse(files.get(path) ?? '');
  const template: ArmTemplate = json('azuredeploy.json');
  const { parameters } = json('azuredeploy.parameters.json') as Pick<GeneratedCluster, 'parameters'>;
  const values = Object.entries(parameters).map(([name, given]) => [
    name,
    given.reference === undefined ? given.value : SECRET,
  ]);
  const expanded = expand(template, Object.fromEntries(values));
  return { definition, plan, unfilled: result.value.unfilled, files, template, parameters, expanded };
}
