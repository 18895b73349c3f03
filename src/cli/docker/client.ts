/**
 * Docker, through its client program and not its socket: the program knows contexts, DOCKER_HOST and the
 * credentials of registries, and speaks to every daemon. A call of it costs some 30 ms.
 */
import { oneLine } from '../../cni/json.ts';
import { err, ok, type Result } from '../../sys/result.ts';
import type { Sys } from '../../sys/sys.ts';
import { findProgram, spawn } from '../programs.ts';
import { type DockerContainer, INSPECT_FORMAT, NAMESPACE_LABEL, parseContainer } from './container.ts';

/** Start and removal of a container take some tenths of a second. */
const CALL_LIMIT_MS = 60_000;
/** An image may have to be pulled first. */
const PULL_LIMIT_MS = 600_000;
const MAX_REASON_CHARACTERS = 400;

export class Docker {
  readonly #sys: Sys;
  readonly #program: string;

  private constructor(sys: Sys, program: string) {
    this.#sys = sys;
    this.#program = program;
  }

  static find(sys: Sys): Result<Docker, string> {
    const program = findProgram(sys, 'docker');
    return program === undefined
      ? err(
          'docker is not installed: apt-get install docker.io, or see https://docs.docker.com/engine/install',
        )
      : ok(new Docker(sys, program));
  }

  /** The id of a new container; `onPull` is told when its image has to be fetched first. */
  create(args: readonly string[], onPull: () => void): Result<string, string> {
    // Without --pull the client fetches in silence; clients before 20.10 do not know it.
    const known = this.#run(['create', '--pull', 'never', ...args], CALL_LIMIT_MS);
    if (known.ok) return idOf(known.value);
    const missing = /no such image/i.test(known.error);
    if (!missing && !/unknown flag/.test(known.error)) return known;
    if (missing) onPull();
    const created = this.#run(['create', ...args], PULL_LIMIT_MS);
    if (created.ok) return idOf(created.value);
    return missing ? err(`the image cannot be pulled: ${created.error}`) : created;
  }

  start(id: string): Result<void, string> {
    return done(this.#run(['start', id]));
  }

  /** Kills and removes it, with its anonymous volumes; fine when it is gone. */
  remove(id: string): Result<void, string> {
    const removed = this.#run(['rm', '--force', '--volumes', id]);
    return removed.ok || /No such container/i.test(removed.error) ? ok(undefined) : removed;
  }

  /** The last line that it printed; empty when there is none. */
  lastWords(id: string): string {
    const ended = this.#spawn(['logs', '--tail', '1', id], CALL_LIMIT_MS);
    if (!ended.ok || ended.value.status !== 0) return '';
    return oneLine((ended.value.stderr.trim() || ended.value.stdout.trim()).slice(0, MAX_REASON_CHARACTERS));
  }

  /** Those of these ids or names that there are. */
  inspect(references: readonly string[]): Result<readonly DockerContainer[], string> {
    if (references.length === 0) return ok([]);
    const argv = ['inspect', '--type', 'container', '--format', INSPECT_FORMAT, ...references];
    const ended = this.#spawn(argv, CALL_LIMIT_MS);
    if (!ended.ok) return ended;
    const { status, stdout, stderr } = ended.value;
    const said = stderr.split('\n').filter((line) => line.trim() !== '');
    const missing = said.length > 0 && said.every((line) => /No such (container|object)/i.test(line));
    if (status !== 0 && !missing) return err(reasonOf(stderr, stdout));
    const containers: DockerContainer[] = [];
    for (const line of stdout.split('\n').filter((text) => text.trim() !== '')) {
      const container = parseContainer(line);
      if (!container.ok) return container;
      containers.push(container.value);
    }
    return ok(containers);
  }

  /** Every container of ours, running or not. */
  ours(): Result<readonly DockerContainer[], string> {
    const listed = this.#run([
      'ps',
      '--all',
      '--quiet',
      '--no-trunc',
      '--filter',
      `label=${NAMESPACE_LABEL}`,
    ]);
    return listed.ok ? this.inspect(listed.value.split(/\s+/).filter((id) => id !== '')) : listed;
  }

  #run(args: readonly string[], limitMs = CALL_LIMIT_MS): Result<string, string> {
    const ended = this.#spawn(args, limitMs);
    if (!ended.ok) return ended;
    const { status, stdout, stderr } = ended.value;
    return status === 0 ? ok(stdout) : err(reasonOf(stderr, stdout));
  }

  #spawn(args: readonly string[], limitMs: number) {
    const ended = spawn(this.#sys, [this.#program, ...args], '', {}, limitMs);
    if (!ended.ok) return err(`docker ${args[0]}: ${ended.error}`);
    if (ended.value.timedOut) return err(`docker ${args[0]}: not finished after ${limitMs / 1000} s`);
    if (ended.value.truncated) return err(`docker ${args[0]}: printed too much`);
    return ended;
  }
}

function idOf(stdout: string): Result<string, string> {
  // A pull prints before it on some clients.
  const id = stdout.trim().split('\n').pop() ?? '';
  return /^[0-9a-f]{64}$/.test(id) ? ok(id) : err(`docker create printed no id: "${id.slice(0, 80)}"`);
}

function done(result: Result<string, string>): Result<void, string> {
  return result.ok ? ok(undefined) : result;
}

/** Docker's own reason, without the words around it. */
function reasonOf(stderr: string, stdout: string): string {
  const lines = (stderr.trim() || stdout.trim()).split('\n').map((line) => line.trim());
  const told = lines.filter((line) => !/^See '?docker /.test(line));
  const named = told.find((line) => /Error response from daemon: /.test(line)) ?? told.pop() ?? '';
  const reason = named.replace(/^.*Error response from daemon: /, '').replace(/^Error: /, '');
  return reason.slice(0, MAX_REASON_CHARACTERS) || 'docker failed and said nothing';
}
