/** What `azure-vnet cluster generate` makes of a definition: a template, its parameters, and the files of each node. */
import { err, ok, type Result } from '../sys/result.ts';
import { type Context, namesFor } from './arm/context.ts';
import {
  installValues,
  type PluginRelease,
  parametersFile,
  parametersFor,
  unfilled,
} from './arm/parameters.ts';
import { resourceCount, templateFor } from './arm/template.ts';
import type { ClusterDefinition } from './definition.ts';
import { MAX_RESOURCES, MAX_TEMPLATE_BYTES } from './limits.ts';
import { cloudInit } from './nodes/cloud-init.ts';
import { type InstallValues, TOKENS } from './nodes/install.ts';
import { CONFLIST } from './nodes/paths.ts';
import { type NodeGroup, nodeGroups } from './nodes/profile.ts';
import { nodeTexts } from './nodes/texts.ts';
import { windowsSetup } from './nodes/windows.ts';
import type { AddressPlan } from './plan.ts';

export type { PluginRelease } from './arm/parameters.ts';

export interface GeneratedFile {
  /** Below the directory of the output, parts separated by `/`. */
  readonly path: string;
  readonly text: string;
}

export interface Generated {
  /** Sorted by path. */
  readonly files: readonly GeneratedFile[];
  /** Parameters without a value: to be filled in, or given at the deployment. */
  readonly unfilled: readonly string[];
}

/** The same bytes for the same input. An error is one line for the user: the cluster is too large for a template. */
export function generateCluster(
  definition: ClusterDefinition,
  plan: AddressPlan,
  plugin: PluginRelease,
): Result<Generated, string> {
  const release = { ...plugin, version: definition.network.azureCniVersion ?? plugin.version };
  const groups = nodeGroups(definition, plan);
  const context: Context = { definition, plan, groups, names: namesFor(plan) };
  const parameters = parametersFor(context, release);
  const template = templateFor(context, parameters, (group) => firstBoot(definition, group, TOKENS));
  const resources = resourceCount(template);
  if (resources > MAX_RESOURCES) {
    return err(
      `the cluster has ${resources} resources, and a deployment takes ${MAX_RESOURCES}: use scale sets for large pools`,
    );
  }
  const text = json(template);
  // Everything is ASCII but, perhaps, parts of names that the definition gives: 3 bytes a character at most.
  if (text.length > MAX_TEMPLATE_BYTES) {
    return err(
      `the template would have ${text.length} bytes, and Resource Manager takes ${MAX_TEMPLATE_BYTES}: use fewer nodes or scale sets`,
    );
  }
  const files = [
    { path: 'azuredeploy.json', text },
    { path: 'azuredeploy.parameters.json', text: json(parametersFile(parameters)) },
    ...groups.flatMap((group) => filesOf(definition, group, installValues(release))),
  ];
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return ok({ files, unfilled: unfilled(parameters) });
}

/** Tells what generateCluster() makes, for whatever cluster: a path of a file, or of a directory above it. */
export function isGenerated(path: string): boolean {
  return /^(azuredeploy(\.parameters)?\.json|nodes(\/[\w-]+(\/([\w-]+\.(conflist|yaml|env|ps1)|snat-ranges|kubelet-flags))?)?)$/.test(
    path,
  );
}

function filesOf(definition: ClusterDefinition, group: NodeGroup, install: InstallValues): GeneratedFile[] {
  const texts = nodeTexts(definition, group);
  const boot = firstBoot(definition, group, install);
  const linux: [string, string][] = [
    ['cloud-init.yaml', boot],
    ['kubelet.env', texts.kubelet],
    ['snat-ranges', texts.snatRanges],
  ];
  const windows: [string, string][] = [
    ['kubelet-flags', texts.kubelet],
    ['setup.ps1', boot],
  ];
  const files = [[CONFLIST, texts.conflist], ...(group.osType === 'Windows' ? windows : linux)];
  return group.nodes.flatMap((node) =>
    files.map(([name, text = '']) => ({ path: `nodes/${node.name}/${name}`, text })),
  );
}

function firstBoot(definition: ClusterDefinition, group: NodeGroup, install: InstallValues): string {
  const texts = nodeTexts(definition, group);
  return group.osType === 'Windows'
    ? windowsSetup(group, texts, install)
    : cloudInit(definition, group, texts, install);
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
