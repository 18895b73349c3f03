/** From the text on stdin to a CniRequest: JSON, network name, version, prevResult, attachments. */
import { type Failure, failure } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { Fields, joinProblems } from './fields.ts';
import { isObject, lookup, parseJson, show } from './json.ts';
import { isIdentifier } from './names.ts';
import { parseResult } from './result.ts';
import type { Attachment, CniResult, CniVersion, JsonObject } from './types.ts';

/** What every command needs of the configuration, before its version is judged. */
export interface DecodedConfig {
  readonly config: JsonObject;
  readonly networkName: string;
  /** As it came; empty when absent. */
  readonly cniVersion: string;
}

export function decodeConfig(text: string): Result<DecodedConfig, Failure> {
  const json = parseJson(text);
  if (!json.ok) return err(undecodable(json.error));
  if (json.value !== null && !isObject(json.value)) {
    return err(undecodable(`expected an object, got ${show(json.value)}`));
  }
  const config = json.value ?? {};
  const fields = new Fields(config);
  const networkName = fields.string('name');
  const cniVersion = fields.string('cniVersion');
  const problem = joinProblems(fields.problems);
  if (problem) return err(undecodable(problem.message));
  if (networkName === '') return err(failure('INVALID_CONFIG', 'missing network name'));
  if (networkName.length > MAX_NAME_CHARACTERS) {
    const text = `network name of ${networkName.length} characters, at most ${MAX_NAME_CHARACTERS} are allowed`;
    return err(failure('INVALID_CONFIG', text));
  }
  if (!isIdentifier(networkName)) {
    return err(failure('INVALID_CONFIG', 'invalid characters found in network name', networkName));
  }
  return ok({ config, networkName, cniVersion });
}

/** The result of the plugins before this one; undefined when there is none. */
export function readPrevResult(
  config: JsonObject,
  version: CniVersion,
): Result<CniResult | undefined, Failure> {
  const value = lookup(config, 'prevResult');
  if (value === undefined) return ok(undefined);
  const result = parseResult(value, version);
  return result.ok ? result : err(failure('INVALID_CONFIG', `prevResult: ${result.error}`));
}

/**
 * The attachments that GC must keep. The text of 1.1.0 and the library name the key differently
 * (containernetworking/cni#1101), so both count. Absent means that none is valid.
 */
export function readAttachments(config: JsonObject): Result<Attachment[], Failure> {
  const fields = new Fields(config);
  const attachments = ATTACHMENT_KEYS.flatMap((key) => fields.children(key)).map((item) => ({
    containerId: item.string('containerID') || (item.invalid('containerID', 'a container id', '') ?? ''),
    ifname: item.string('ifname') || (item.invalid('ifname', 'an interface name', '') ?? ''),
  }));
  const problem = joinProblems(fields.problems);
  return problem ? err(problem) : ok(attachments);
}

function undecodable(reason: string): Failure {
  return failure('UNDECODABLE', `error unmarshall network config: ${reason}`);
}

/** The specification has no limit; the name is in every record. */
export const MAX_NAME_CHARACTERS = 1024;

const ATTACHMENT_KEYS = ['cni.dev/valid-attachments', 'cni.dev/attachments'];
