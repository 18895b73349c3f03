/**
 * Late modules: the parts of the plugin that an ordinary ADD or DEL does not need. They are no part of the
 * plugin image, whose every byte costs start-up, but of images of their own in the same executable. There a
 * late module is replaced by one of the same functions, each of which first loads the image it is in.
 *
 * The command-line tool is divided in the same way, by commands. The sources know nothing of it: under Node they
 * are modules like any other. Modules that late ones need too are in both images. So whatever is passed between the images is
 * told by its shape or its name (SysError has `Symbol.hasInstance`), and no module keeps state of its own.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import { ROOT } from './paths.ts';

/** By image, the modules that others may call into it by. What only these import is in the image as well. */
const LATE_MODULES: Readonly<Record<string, readonly string[]>> = {
  /* The cached answer of the address source is too old: every few seconds at most. */
  source: ['ipam/refresh'],
  /* IPAM by another program. */
  delegate: ['cni/delegate'],
  /* The other commands, first ADD, repair, failures. */
  rare: [
    'cni/about',
    'ipam/check',
    'ipam/exhaustion',
    'ipam/gc',
    'ipam/requested',
    'ipam/status',
    'net/ipv6',
    'state/directories',
    'vnet/add-failure',
    'vnet/check',
    'vnet/complete-del',
    'vnet/endpoint-repair',
    'vnet/gc',
    'vnet/host-config',
    'vnet/network',
    'vnet/ownership',
    'vnet/recover',
    'vnet/reinstate',
    'vnet/status',
    'vnet/vanished',
    'vnet/verify',
  ],
  /* Nothing of the node: who calls it is the tool. */
  cluster: ['cli/cluster/run'],
};

export const LATE_IMAGES: readonly string[] = Object.keys(LATE_MODULES);

/** The image that begins, and those that it loads. */
const PROGRAMS: readonly (readonly string[])[] = [
  ['plugin', 'source', 'delegate', 'rare'],
  ['cli', 'cluster'],
];

/** Late modules of other images of the same program than `image` become stubs. */
export function lateStubs(image: string): Plugin {
  return {
    name: 'late modules',
    setup(build) {
      const program = PROGRAMS.find((images) => images.includes(image)) ?? [];
      const others = LATE_IMAGES.filter((name) => name !== image && program.includes(name));
      const stubs = new Map(others.flatMap((name) => modulesOf(name).map((path) => [path, name] as const)));
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const late = stubs.get(path);
        return late === undefined ? undefined : { contents: stubOf(path, late), loader: 'js' };
      });
    },
  };
}

/** The entry of a late image: hands its functions to the stubs. */
export function lateEntry(image: string): string {
  const modules = modulesOf(image).map((path) => ({ path, names: functionsOf(path) }));
  const names = modules.flatMap((module) => module.names);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`Two late modules of image ${image} export ${twice}`);
  const imports = modules.map(
    ({ path, names }) => `import { ${names.join(', ')} } from ${JSON.stringify(path)};\n`,
  );
  return `${imports.join('')}${registry(image)} = { ${names.join(', ')} };\n`;
}

/**
 * Nothing but functions: who uses another export of a late module gets `No matching export` from esbuild.
 * The image stays loaded, so a function that is called again costs no more than any other.
 */
function stubOf(path: string, image: string): string {
  const functions = functionsOf(path).map(
    (name) => `export const ${name} = (...args) => late().${name}(...args);\n`,
  );
  return `const late = () => ${registry(image)} ?? (host.load("${image}"), ${registry(image)});\n${functions.join('')}`;
}

function registry(image: string): string {
  return `host.late_${image}`;
}

function functionsOf(path: string): string[] {
  const names = [...readFileSync(path, 'utf8').matchAll(/^export function (\w+)/gm)].flatMap(
    ([, name]) => name ?? [],
  );
  if (names.length === 0) throw new Error(`${path} is listed as a late module and exports no function`);
  return names;
}

function modulesOf(image: string): string[] {
  return (LATE_MODULES[image] ?? []).map((module) => join(ROOT, 'src', `${module}.ts`));
}
