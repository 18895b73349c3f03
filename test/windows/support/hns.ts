/** The stand-in host network service as a test sees it: its state, its log, and what it is told to do. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ControlRule, EMPTY_STATE, type LoggedCall, type ModelState } from '../stand-in/model/state.ts';

export class StandInHns {
  /** For the environment of programs. */
  readonly variable: Readonly<Record<string, string>>;
  readonly #directory: string;

  /** `directory` as Linux and as Windows names it. */
  constructor({ path, windows }: { readonly path: string; readonly windows: string }) {
    this.#directory = path;
    this.variable = { AZURE_VNET_HNS_MODEL: windows };
  }

  /** Begins anew. */
  reset(state: Partial<ModelState> = {}): void {
    rmSync(this.#directory, { recursive: true, force: true });
    mkdirSync(this.#directory, { recursive: true });
    this.#write('state.json', { ...EMPTY_STATE, ...state });
  }

  state(): ModelState {
    return JSON.parse(readFileSync(join(this.#directory, 'state.json'), 'utf8'));
  }

  change(changes: Partial<ModelState>): void {
    this.#write('state.json', { ...this.state(), ...changes });
  }

  control(...rules: readonly ControlRule[]): void {
    rmSync(join(this.#directory, 'counts.json'), { force: true });
    this.#write('control.json', rules);
  }

  /** The calls since `reset` or the last `forget`. */
  calls(): readonly LoggedCall[] {
    const path = join(this.#directory, 'calls.jsonl');
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    return lines.map((line): LoggedCall => JSON.parse(line));
  }

  forgetCalls(): void {
    rmSync(join(this.#directory, 'calls.jsonl'), { force: true });
  }

  /** Of the calls of one function, the arguments as they came. */
  requests(call: string): readonly (readonly string[])[] {
    return this.calls().flatMap((one) => (one.call === call ? [one.arguments] : []));
  }

  #write(file: string, value: unknown): void {
    writeFileSync(join(this.#directory, file), JSON.stringify(value));
  }
}
