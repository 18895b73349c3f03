/** Docker on Windows, through its client program: it knows contexts, pipes and DOCKER_HOST. */
import { oneLine } from '../../cni/json.ts';
import { failureOf } from '../../sys/failure.ts';
import { err, ok, type Result } from '../../sys/result.ts';
import type { Sys } from '../../sys/sys.ts';
import { statIfAny } from '../files.ts';

const CALL_LIMIT_MS = 60_000;
/** An image of Windows has gigabytes; the host lets no program run longer. */
const RUN_LIMIT_MS = 600_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;
const MAX_REASON_CHARACTERS = 400;

export interface DockerContainer {
  readonly id: string;
  readonly isRunning: boolean;
  readonly networkMode: string;
}

export class Docker {
  readonly #sys: Sys;
  readonly #program: string;

  private constructor(sys: Sys, program: string) {
    this.#sys = sys;
    this.#program = program;
  }

  static find(sys: Sys): Result<Docker, string> {
    const environ = sys.environ();
    const path = environ.PATH ?? environ.Path ?? '';
    const program = path
      .split(';')
      .filter((directory) => directory !== '')
      .map((directory) => `${directory.replace(/[\\/]+$/, '')}/docker.exe`)
      .find((candidate) => statIfAny(sys, candidate)?.type === 'file');
    return program === undefined
      ? err('docker.exe is in no directory of PATH; install Docker, and open a new window')
      : ok(new Docker(sys, program));
  }

  /** Undefined when there is no such container. */
  inspect(name: string): Result<DockerContainer | undefined, string> {
    const format = '{{.Id}} {{.State.Running}} {{.HostConfig.NetworkMode}}';
    const told = this.#run(['inspect', '--type', 'container', '--format', format, name], CALL_LIMIT_MS);
    if (!told.ok) return /No such (container|object)/i.test(told.error) ? ok(undefined) : told;
    const [id = '', running, networkMode = ''] = told.value.trim().split(' ');
    return ID.test(id)
      ? ok({ id, isRunning: running === 'true', networkMode })
      : err(`docker inspect printed no id: "${told.value.slice(0, 80)}"`);
  }

  /** Makes and starts a container without a network; its id. */
  run(name: string, image: string, command: readonly string[]): Result<string, string> {
    const made = this.#run(
      ['run', '--detach', '--name', name, '--network', 'none', image, ...command],
      RUN_LIMIT_MS,
    );
    if (!made.ok) {
      const pull = /not finished/.test(made.error) ? `; fetch the image first: docker pull ${image}` : '';
      return err(`${made.error}${pull}`);
    }
    // A pull prints before it on some clients.
    const id = made.value.trim().split(/\s+/).pop() ?? '';
    return ID.test(id) ? ok(id) : err(`docker run printed no id: "${id.slice(0, 80)}"`);
  }

  /** Ends and removes it; fine when it is gone. */
  remove(name: string): Result<void, string> {
    const removed = this.#run(['rm', '--force', name], CALL_LIMIT_MS);
    return removed.ok || /No such container/i.test(removed.error) ? ok(undefined) : removed;
  }

  #run(args: readonly string[], timeoutMs: number): Result<string, string> {
    const what = `docker ${args[0]}`;
    try {
      const { status, stdout, stderr, timedOut } = this.#sys.spawn({
        argv: [this.#program, ...args],
        env: this.#sys.environ(),
        stdin: '',
        timeoutMs,
        maxOutputBytes: MAX_OUTPUT_BYTES,
      });
      if (timedOut) return err(`${what}: not finished after ${timeoutMs / 1000} s`);
      if (status === 0) return ok(stdout);
      const said = oneLine(stderr.trim() || stdout.trim()).replace(/^Error response from daemon: /, '');
      return err(`${what}: ${said.slice(0, MAX_REASON_CHARACTERS) || `exit status ${status}`}`);
    } catch (error) {
      const refused = failureOf(error);
      if (refused === undefined) throw error;
      return err(`${what}: ${refused.message}`);
    }
  }
}

const ID = /^[0-9a-f]{64}$/;
