/** An executor whose plugins answer by script, and which remembers every call. */
import type { ExecPlugin, PluginOutcome } from '../../../../src/cni/runtime/call.ts';
import { type ConfList, parseConfList } from '../../../../src/cni/runtime/conflist.ts';
import type { JsonObject } from '../../../../src/cni/types.ts';

export interface SeenCall {
  readonly command: string;
  readonly type: string;
  readonly env: Readonly<Record<string, string>>;
  readonly config: JsonObject;
}

/** Answers by `type COMMAND`; without an entry ADD repeats prevResult and the others print nothing. */
export type Script = Readonly<Record<string, PluginOutcome | Error>>;

export function scripted(script: Script = {}): { exec: ExecPlugin; calls: SeenCall[]; order(): string[] } {
  const calls: SeenCall[] = [];
  const exec: ExecPlugin = async ({ type, env, stdin }) => {
    const command = env.CNI_COMMAND ?? '';
    const config = JSON.parse(stdin) as JsonObject;
    calls.push({ command, type, env, config });
    const answer = script[`${type} ${command}`];
    if (answer instanceof Error) throw answer;
    return answer ?? printed(command === 'ADD' ? (config.prevResult as JsonObject) : undefined);
  };
  return { exec, calls, order: () => calls.map(({ command, type }) => `${command} ${type}`) };
}

export function printed(document: JsonObject | undefined, status = 0): PluginOutcome {
  return { status, stdout: document === undefined ? '' : JSON.stringify(document), stderr: '' };
}

export function listOf(more: JsonObject = {}, ...plugins: JsonObject[]): ConfList {
  const chain = plugins.length > 0 ? plugins : [{ type: 'a' }, { type: 'b' }, { type: 'c' }];
  const list = parseConfList(JSON.stringify({ cniVersion: '1.1.0', name: 'azure', ...more, plugins: chain }));
  if (!list.ok) throw new Error(list.error);
  return list.value;
}
