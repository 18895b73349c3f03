/**
 * The envelope around every call of a plugin: what is checked, in which order, and what is printed. The
 * order and the words are those of the specification's library (pkg/skel), because runtimes and their
 * users know them; only the check for the plugin's own namespace comes before the work, not after it.
 */

import { logLevelOf, type OperationLog } from '../state/oplog.ts';
import { cniCodeOf, type Failure, failure, failureOf } from '../sys/failure.ts';
import { broken, err, ok, type Result, unreachable } from '../sys/result.ts';
import type { Sys } from '../sys/sys.ts';
import { aboutText } from './about.ts';
import { formatIpNet } from './address.ts';
import { parseCniArgs } from './args.ts';
import { type CallEnvironment, isCommand, readEnvironment } from './environment.ts';
import { errorDocument } from './errors.ts';
import { lookup, messageOf } from './json.ts';
import { checkOwnNamespace } from './netns.ts';
import { type DecodedConfig, decodeConfig, readAttachments, readPrevResult } from './request.ts';
import { formatResult } from './result.ts';
import { readStdin, STDERR, STDOUT, writeText } from './stdio.ts';
import {
  CNI_VERSIONS,
  type CniArgs,
  type CniCommand,
  type CniPlugin,
  type CniRequest,
  type CniResult,
  type CniVersion,
  type JsonObject,
  type PluginContext,
} from './types.ts';
import { checkVersion, DEFAULT_VERSION, isSupported, NEWEST_VERSION } from './version.ts';

/**
 * Serves one call: reads environment and stdin, runs the plugin's function, prints at most one document
 * on stdout, and returns the exit status, 0 or 1. Never throws: an unexpected exception is error 999, with
 * its stack in the log.
 */
export function runPlugin(sys: Sys, plugin: CniPlugin, log: OperationLog): number {
  const call = new Call({ sys, log }, plugin);
  let outcome: Result<string, Failure>;
  try {
    outcome = call.serve();
  } catch (error) {
    log.note('error', error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error));
    outcome = err(failureOf(error) ?? failure('INTERNAL', messageOf(error) || 'Internal error'));
  }
  if (!outcome.ok) {
    log.set('code', String(cniCodeOf(outcome.error)));
    log.set('error', outcome.error.message);
  }
  const text = outcome.ok ? outcome.value : print(errorDocument(outcome.error, call.version));
  try {
    writeText(sys, STDOUT, text);
  } catch (error) {
    log.note('error', `Cannot write to stdout: ${messageOf(error)}`);
    return 1;
  }
  return outcome.ok ? 0 : 1;
}

/** One call; `version` is that of the documents it prints, as far as it is known. */
class Call {
  version: CniVersion = NEWEST_VERSION;
  readonly #context: PluginContext;
  readonly #plugin: CniPlugin;

  constructor(context: PluginContext, plugin: CniPlugin) {
    this.#context = context;
    this.#plugin = plugin;
  }

  serve(): Result<string, Failure> {
    const { sys, log } = this.#context;
    const environ = sys.environ();
    const command = environ.CNI_COMMAND ?? '';
    log.set('command', command);
    if (command === '') {
      writeText(sys, STDERR, aboutText(this.#plugin.name));
      return ok('');
    }
    if (command === 'VERSION') return ok(`${JSON.stringify(VERSION_REPLY)}\n`);
    const env = readEnvironment(command, environ);
    if (!env.ok) return env;
    log.set('container', env.value.containerId);
    log.set('ifname', env.value.ifname);
    log.set('netns', env.value.netns);
    const text = readStdin(sys);
    const decoded = text.ok ? decodeConfig(text.value) : text;
    if (!decoded.ok) return decoded;
    log.set('network', decoded.value.networkName);
    log.level = logLevelOf(lookup(decoded.value.config, 'logLevel'));
    if (isSupported(decoded.value.cniVersion)) this.version = decoded.value.cniVersion;
    if (!isCommand(command)) {
      return err(failure('BAD_ENVIRONMENT', `unknown CNI_COMMAND: ${command}`));
    }
    const version = checkVersion(command, decoded.value.cniVersion || DEFAULT_VERSION);
    if (!version.ok) return version;
    this.version = version.value;
    const request = this.#request(command, env.value, decoded.value, environ.CNI_ARGS ?? '');
    return request.ok ? this.#run(request.value) : request;
  }

  #request(
    command: CniCommand,
    env: CallEnvironment,
    decoded: DecodedConfig,
    argsText: string,
  ): Result<CniRequest, Failure> {
    const attached = command === 'ADD' || command === 'DEL' || command === 'CHECK';
    const args = attached ? this.#tolerable(command, parseCniArgs(argsText), {}) : ok<CniArgs>({});
    if (!args.ok) return args;
    const own = attached ? checkOwnNamespace(this.#context.sys, env) : ok(undefined);
    if (!own.ok) return own;
    const prev = attached
      ? this.#tolerable(command, readPrevResult(decoded.config, this.version), undefined)
      : ok(undefined);
    if (!prev.ok) return prev;
    const attachments = command === 'GC' ? readAttachments(decoded.config) : ok([]);
    if (!attachments.ok) return attachments;
    return ok({
      env: { ...env, command, args: args.value },
      version: this.version,
      networkName: decoded.networkName,
      config: decoded.config,
      ...(prev.value && { prevResult: prev.value }),
      validAttachments: attachments.value,
    });
  }

  /** DEL does its best: what it does not need must not stop it. */
  #tolerable<T>(command: CniCommand, result: Result<T, Failure>, instead: T): Result<T, Failure> {
    if (result.ok || command !== 'DEL') return result;
    this.#context.log.note('warn', `Ignored on DEL: ${result.error.message}`);
    return ok(instead);
  }

  #run(request: CniRequest): Result<string, Failure> {
    const plugin = this.#plugin;
    const silent = (done: Result<void, Failure>) => (done.ok ? ok('') : done);
    switch (request.env.command) {
      case 'ADD': {
        const added = plugin.add(this.#context, request);
        return added.ok ? this.#printed(added.value) : added;
      }
      case 'DEL':
        return silent(plugin.del(this.#context, request));
      case 'CHECK':
        return silent(plugin.check(this.#context, request));
      case 'GC':
        return silent(plugin.gc(this.#context, request));
      case 'STATUS':
        return silent(plugin.status(this.#context, request));
      case 'VERSION':
        return broken('VERSION takes no request');
      default:
        return unreachable(request.env.command);
    }
  }

  #printed(result: CniResult): Result<string, Failure> {
    this.#context.log.set('address', result.ips.map(({ address }) => formatIpNet(address)).join(','));
    const document = formatResult(result, this.version);
    return document.ok ? ok(print(document.value)) : err(failure('INTERNAL', document.error));
  }
}

function print(document: JsonObject): string {
  return JSON.stringify(document, null, 4);
}

const VERSION_REPLY = { cniVersion: NEWEST_VERSION, supportedVersions: CNI_VERSIONS };
