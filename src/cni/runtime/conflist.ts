/**
 * Network configurations as an administrator writes them: a list of plugins (.conflist) or one plugin
 * (.conf, .json), and the choice of one file in a directory (SPEC.md "Section 1: Network configuration
 * format"). Values in, values out; reading the directory is the caller's.
 */
import { err, ok, type Result } from '../../sys/result.ts';
import { Fields, joinProblems } from '../fields.ts';
import { isObject, parseJson } from '../json.ts';
import { isIdentifier } from '../names.ts';
import { CNI_VERSIONS, type CniVersion, type JsonObject } from '../types.ts';
import { DEFAULT_VERSION } from '../version.ts';

export interface PluginConfig {
  /** Name of the executable. */
  readonly type: string;
  /** Names of the capabilities that the plugin declares. */
  readonly capabilities: readonly string[];
  /** The whole element, as it came. */
  readonly config: JsonObject;
}

export interface ConfList {
  readonly name: string;
  /** The highest version that both the list and this runtime know. */
  readonly cniVersion: CniVersion;
  readonly disableCheck: boolean;
  readonly disableGC: boolean;
  readonly plugins: readonly PluginConfig[];
  /** The file's text, for the cache. */
  readonly text: string;
}

export interface ConfFile {
  readonly name: string;
  readonly text: string;
}

export interface ChosenConfList {
  readonly file: string;
  readonly list: ConfList;
  /** Files before it that could not be used, with the reason. */
  readonly skipped: readonly string[];
}

/** Reads a list of plugins, or one plugin as a list of one. The error is one line. */
export function parseConfList(text: string): Result<ConfList, string> {
  const json = parseJson(text);
  if (!json.ok) return err(`not JSON: ${json.error}`);
  if (!isObject(json.value)) return err('expected an object');
  const fields = new Fields(json.value);
  const elements = fields.value('plugins') === undefined ? [fields] : fields.children('plugins');
  const list = {
    name: fields.string('name'),
    cniVersion: chooseVersion([fields.string('cniVersion'), ...fields.strings('cniVersions')]),
    disableCheck: flag(fields, 'disableCheck'),
    disableGC: flag(fields, 'disableGC'),
    plugins: elements.map(readPlugin),
    text,
  };
  const problem = joinProblems(fields.problems);
  if (problem) return err(problem.message);
  if (!isIdentifier(list.name)) return err(`name: missing or with invalid characters: "${list.name}"`);
  if (list.plugins.length === 0) return err('plugins: empty');
  const { cniVersion } = list;
  if (cniVersion === undefined) return err(`cniVersion: none of ${CNI_VERSIONS.join(', ')}`);
  return ok({ ...list, cniVersion });
}

/** The first usable file in lexical order, as every runtime picks it. */
export function chooseConfList(files: readonly ConfFile[]): Result<ChosenConfList, string> {
  const skipped: string[] = [];
  const candidates = files.filter(({ name }) => /\.(conflist|conf|json)$/.test(name));
  for (const { name, text } of candidates.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const list = parseConfList(text);
    if (list.ok) return ok({ file: name, list: list.value, skipped });
    skipped.push(`${name}: ${list.error}`);
  }
  return err(skipped.length === 0 ? 'no network configuration' : skipped.join('; '));
}

function readPlugin(fields: Fields): PluginConfig {
  const type = fields.string('type');
  if (!/^[^/\s]+$/.test(type)) fields.invalid('type', 'the name of a plugin without /', type);
  const declared = fields.child('capabilities');
  const capabilities = Object.keys(declared.object).filter((name) => declared.boolean(name));
  return { type, capabilities, config: fields.object };
}

/** `cniVersion` and `cniVersions` together, the highest that is spoken; neither means the first one. */
function chooseVersion(offered: readonly string[]): CniVersion | undefined {
  if (offered.every((version) => version === '')) return DEFAULT_VERSION;
  return [...CNI_VERSIONS].reverse().find((version) => offered.includes(version));
}

/** Both spellings are in use: true and "true". */
function flag(fields: Fields, key: string): boolean {
  const value = fields.value(key);
  return typeof value === 'string' ? value.toLowerCase() === 'true' : fields.boolean(key) === true;
}
