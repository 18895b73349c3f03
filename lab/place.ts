/** A namespace of the lab that programs can be run in: a VM, the fabric or the internet. */
import { LabError } from './error.ts';
import { type Anchor, pathInside } from './host/anchor.ts';
import type { RunOptions, RunResult } from './host/run.ts';
import { ResidentClient, type StartOptions } from './resident/client.ts';
import { socketName } from './resident/launch.ts';

export class Place {
  readonly name: string;
  readonly anchor: Anchor;
  readonly #client: ResidentClient;

  constructor(name: string, anchor: Anchor, labDirectory: string) {
    this.name = name;
    this.anchor = anchor;
    this.#client = new ResidentClient(`${labDirectory}/${socketName(name)}`);
  }

  /** Resolves when the servers of the place listen (the fabric's wireserver, the internet's). */
  ready(): Promise<void> {
    return this.#client.ready();
  }

  /** Runs a program to its end; the result tells status, output and the time it took. */
  exec(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return this.#client.run(argv, options);
  }

  /** Runs a program that has to succeed; returns its stdout. */
  async mustExec(argv: readonly string[], options: RunOptions = {}): Promise<string> {
    const { status, signal, stdout, stderr, timedOut } = await this.exec(argv, options);
    if (status === 0) return stdout;
    const end = signal === '' ? `exited with ${status}` : `was ended by ${signal}`;
    const why = timedOut ? 'did not end in time' : end;
    throw new LabError(`${argv.join(' ')} in ${this.name} ${why}: ${stderr.trim() || stdout.trim()}`);
  }

  /** Starts a program that stays until `stop` or the end of the lab; returns its pid there. */
  start(argv: readonly string[], options: StartOptions = {}): Promise<number> {
    return this.#client.start(argv, options);
  }

  stop(pid: number): Promise<boolean> {
    return this.#client.stop(pid);
  }

  /** Path by which this process reaches a file of the place, such as /run/azure-vnet. */
  path(file: string): string {
    return pathInside(this.anchor, file);
  }

  disconnect(): void {
    this.#client.close();
  }
}
