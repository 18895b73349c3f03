/** Runs one case against the built executables, in a machine of its own. */
import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject, JsonValue } from '../../src/cni/types.ts';
import {
  type Call,
  type Case,
  callDefaults,
  type Level,
  type ParallelStep,
  type RunStep,
  type Step,
} from './case.ts';
import { judge } from './judge.ts';
import { at, isObject } from './match.ts';
import type { Programs } from './programs.ts';
import { TestVm } from './vm.ts';

/** Runs the steps in order and returns everything that is not as expected; nothing means that it passes. */
export async function runCase(level: Level, item: Case, programs: Programs): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'conformance-'));
  const vm = await TestVm.start();
  try {
    const run = new CaseRun(level, vm, programs, directory);
    await run.prepare(item);
    const problems: string[] = [];
    for (const [index, step] of item.steps.entries()) {
      const found = await run.step(step);
      problems.push(...found.map((problem) => `step ${index + 1}: ${problem}`));
    }
    return problems;
  } finally {
    await vm.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Words of commands that change nothing. */
const LOOKS: readonly string[] = ['show', 'ls', '-S'];
const LOOK_LIMIT_MS = 20_000;
const LOOK_PAUSE_MS = 20;

class CaseRun {
  readonly #level: Level;
  readonly #vm: TestVm;
  readonly #programs: Programs;
  readonly #fake: string;
  readonly #placeholders: Record<string, string>;
  readonly #results = new Map<string, JsonObject>();
  readonly #extracts = new Map<string, string>();

  constructor(level: Level, vm: TestVm, programs: Programs, directory: string) {
    this.#level = level;
    this.#vm = vm;
    this.#programs = programs;
    this.#fake = join(directory, 'fake');
    this.#placeholders = {
      CNI_PATH: join(directory, 'bin'),
      FAKE: this.#fake,
      EMPTY: join(directory, 'empty'),
      NS: 'container',
      NETNS: '/run/netns/container',
      CID: randomBytes(32).toString('hex'),
      BRIDGE: 'azure0',
    };
    for (const name of ['bin', 'empty', 'fake/alloc', 'fake/calls']) {
      mkdirSync(join(directory, name), { recursive: true });
    }
    const ipam = level === 'delegation' ? programs.fakeIpam : programs.azureVnetIpam;
    symlinkSync(programs.azureVnet, join(directory, 'bin', 'azure-vnet'));
    symlinkSync(ipam, join(directory, 'bin', 'azure-vnet-ipam'));
  }

  async prepare({ wireserver }: Case): Promise<void> {
    if (this.#level === 'delegation') await this.#vm.mustRun(['ip', 'netns', 'add', 'container']);
    if (wireserver === undefined) return;
    const args = [String(wireserver.addresses), wireserver.answer ?? 'ok'];
    await this.#vm.start(['ip', 'netns', 'exec', 'fabric', this.#programs.wireserver, ...args]);
  }

  async step(step: Step): Promise<string[]> {
    if ('command' in step) return (await this.#call(step)).problems;
    if ('parallel' in step) return this.#parallel(step);
    if ('run' in step) return this.#run(step);
    if ('write' in step) {
      writeFileSync(this.#expand(step.write), this.#expand(step.text));
      return [];
    }
    if ('emptyDirectory' in step) {
      const names = readdirSync(this.#expand(step.emptyDirectory));
      return names.length === 0 ? [] : [`${step.emptyDirectory} has ${names.join(' ')}`];
    }
    if ('ipamWasCalledFor' in step) {
      const commands = this.#ipamCommands();
      return commands.includes(step.ipamWasCalledFor)
        ? []
        : [`IPAM was called for ${commands.join(' ')} only`];
    }
    return this.#detachPorts(this.#expand(step.detachPorts));
  }

  async #call(call: Call): Promise<{ problems: string[]; document: JsonObject | undefined }> {
    const defaults = callDefaults(this.#level, call.command);
    const env: Record<string, string> = { CNI_COMMAND: call.command, FAKE_IPAM_DIR: this.#fake };
    for (const [name, value] of Object.entries({ ...defaults.env, ...call.env })) {
      if (value !== null) env[name] = this.#expand(value);
    }
    const stdin = call.stdin ?? { ...without(defaults.config, call.without ?? []), ...call.config };
    const expanded = this.#expandAll(stdin);
    const text = typeof expanded === 'string' ? expanded : JSON.stringify(expanded);
    const ran = await this.#vm.run([this.#programPath(call.plugin)], { env, stdin: text });
    const expect = this.#expandAll(call.expect as unknown as JsonObject) as unknown as Call['expect'];
    const judged = judge(expect, ran, this.#results);
    if (expect.remember !== undefined && judged.document) this.#results.set(expect.remember, judged.document);
    return judged;
  }

  async #parallel(step: ParallelStep): Promise<string[]> {
    const judged = await Promise.all(step.parallel.map((call) => this.#call(call)));
    const problems = judged.flatMap((one) => one.problems);
    if (step.distinct === undefined) return problems;
    const values = judged.map(({ document }) => JSON.stringify(at(document, step.distinct ?? '')));
    return new Set(values).size === values.length
      ? problems
      : [...problems, `not distinct: ${values.join(' ')}`];
  }

  /** A look at the kernel is taken until it shows what is wanted: DEL leaves the removal of a link to a child. */
  async #run(step: RunStep): Promise<string[]> {
    const isLook = step.run.some((word) => LOOKS.includes(word));
    const deadline = performance.now() + (isLook ? LOOK_LIMIT_MS : 0);
    for (;;) {
      const problems = await this.#runOnce(step);
      if (problems.length === 0 || performance.now() >= deadline) return problems;
      await sleep(LOOK_PAUSE_MS);
    }
  }

  async #runOnce(step: RunStep): Promise<string[]> {
    const argv = step.run.map((word) => this.#expand(word));
    const ran = await this.#vm.run(argv);
    const problems: string[] = [];
    if ((ran.status !== 0) !== (step.fails === true)) {
      problems.push(`${argv.join(' ')}: exit status ${ran.status} ${ran.stderr}`);
    }
    for (const [text, wanted] of [
      [step.prints, true],
      [step.printsNot, false],
    ] as const) {
      if (text !== undefined && ran.stdout.includes(text) !== wanted) {
        problems.push(`${argv.join(' ')}: ${wanted ? 'no' : 'has'} "${text}" in ${ran.stdout}`);
      }
    }
    if (step.extract !== undefined) {
      const found = [...ran.stdout.matchAll(new RegExp(step.extract, 'gm'))].map(
        (match) => match[1] ?? match[0],
      );
      const text = found.sort().join(' ');
      if (step.remember !== undefined) this.#extracts.set(step.remember, text);
      const before = step.same === undefined ? text : this.#extracts.get(step.same);
      if (before !== text) problems.push(`${argv.join(' ')}: "${text}" was "${before}"`);
    }
    return problems;
  }

  #ipamCommands(): string[] {
    const calls = join(this.#fake, 'calls');
    const read = (name: string) => JSON.parse(readFileSync(join(calls, name), 'utf8')) as { command: string };
    return readdirSync(calls).map((name) => read(name).command);
  }

  async #detachPorts(bridge: string): Promise<string[]> {
    const links = await this.#vm.mustRun(['ip', '-o', 'link', 'show', 'master', bridge, 'type', 'veth']);
    const names = [...links.matchAll(/^\d+: ([^@:]+)/gm)].map((match) => match[1] ?? '');
    for (const name of names.filter((port) => port !== 'eth0')) {
      await this.#vm.mustRun(['ip', 'link', 'set', name, 'nomaster']);
    }
    return names.length > 1 ? [] : [`${bridge} has no ports but ${names.join(' ')}`];
  }

  #programPath(plugin = this.#level === 'ipam' ? 'azure-vnet-ipam' : 'azure-vnet'): string {
    if (plugin.startsWith('/')) return plugin;
    return plugin === 'azure-vnet' ? this.#programs.azureVnet : this.#programs.azureVnetIpam;
  }

  #expand(text: string): string {
    return text.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => this.#placeholders[name] ?? whole);
  }

  /** Placeholders everywhere; `{"$repeat": [text, n]}` makes a long text. */
  #expandAll(value: JsonValue): JsonValue {
    if (typeof value === 'string') {
      const remembered = /^\{\{RESULT:(\w+)\}\}$/.exec(value);
      if (remembered === null) return this.#expand(value);
      return this.#results.get(remembered[1] ?? '') ?? null;
    }
    if (Array.isArray(value)) return value.map((item) => this.#expandAll(item));
    if (!isObject(value)) return value;
    const [text, count] = Array.isArray(value.$repeat) ? value.$repeat : [];
    if (typeof text === 'string' && typeof count === 'number') return text.repeat(count);
    const entries = Object.entries(value).map(([key, item]) => [key, this.#expandAll(item ?? null)]);
    return Object.fromEntries(entries) as JsonObject;
  }
}

function without(config: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !keys.includes(key)));
}
