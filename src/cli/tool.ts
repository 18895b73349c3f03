/** The command-line tool: finds the command, checks what it was given, runs it and turns its end into a status. */
import { aboutText } from '../cni/about.ts';
import { messageOf } from '../cni/json.ts';
import { NetlinkError } from '../net/netlink/socket.ts';
import { writeOperation } from '../state/logfile.ts';
import { OperationLog } from '../state/oplog.ts';
import { LOG_PATH } from '../state/paths.ts';
import { failureOf } from '../sys/failure.ts';
import { nearest } from '../sys/suggest.ts';
import { isErrno, type Sys } from '../sys/sys.ts';
import { parseArguments } from './arguments.ts';
import {
  type Command,
  DRY_RUN_FLAG,
  type Given,
  STATUS_OK,
  STATUS_PROBLEMS,
  STATUS_USAGE,
} from './command.ts';
import { commandHelp, overallHelp } from './help.ts';
import { Output } from './output.ts';
import { isRoot } from './root.ts';

/** Runs the tool and returns its exit status. Never throws. */
export function runTool(sys: Sys, version: string, commands: readonly Command[]): number {
  try {
    return new Tool(sys, version, commands).run();
  } catch (error) {
    // Whoever read our output has seen enough, as in `azure-vnet status | head`.
    if (isErrno(error, 'EPIPE')) return STATUS_PROBLEMS;
    new Output(sys).complain(`azure-vnet: ${reasonOf(error)}\n`);
    return STATUS_PROBLEMS;
  }
}

class Tool {
  readonly #sys: Sys;
  readonly #version: string;
  readonly #commands: readonly Command[];
  readonly #out: Output;

  constructor(sys: Sys, version: string, commands: readonly Command[]) {
    this.#sys = sys;
    this.#version = version;
    this.#commands = commands;
    this.#out = new Output(sys);
  }

  run(): number {
    const [program = '', first, ...rest] = this.#sys.args();
    if (first === undefined) {
      // What a CNI plugin answers to a call without a command.
      this.#out.complain(
        aboutText(/(^|[\\/])azure-vnet-ipam(\.exe)?$/i.test(program) ? 'azure-vnet-ipam' : 'azure-vnet'),
      );
      return STATUS_OK;
    }
    if (['-v', '--version', 'version'].includes(first))
      return this.#print(`Azure CNI Version ${this.#version}\n`);
    const wantsHelp = (word: string | undefined) => word === '--help' || word === '-h';
    if (wantsHelp(first)) return this.#print(overallHelp(this.#commands));
    if (first === 'help') return this.#help(rest[0], rest[1]);
    const command = this.#find(first);
    if (command === undefined) return this.#unknown(first);
    // What comes after -- is somebody else's.
    const own = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest;
    if (own.some(wantsHelp)) return this.#print(commandHelp(command, actionOf(command, own[0])));
    return this.#runCommand(command, rest);
  }

  #runCommand(command: Command, words: readonly string[]): number {
    const given = parseArguments(command, words);
    if (!given.ok) {
      const called = [command.name, actionOf(command, words[0]) ?? ''].join(' ').trim();
      this.#out.complain(`azure-vnet: ${given.error}\nazure-vnet ${called} --help tells how it is used\n`);
      return STATUS_USAGE;
    }
    if (command.needsRoot && !isRoot(this.#sys)) {
      this.#out.complain(
        `azure-vnet: ${command.name} reads and changes what only root may: run it as root\n`,
      );
      return STATUS_PROBLEMS;
    }
    const log = new OperationLog(this.#sys);
    log.set('command', command.name);
    const call = { sys: this.#sys, log, out: this.#out, given: given.value, version: this.#version };
    try {
      return command.run(call);
    } catch (error) {
      log.set('error', messageOf(error));
      throw error;
    } finally {
      const onlyLooks = given.value.switches.has(DRY_RUN_FLAG.name);
      if (mayChange(command, given.value) && !onlyLooks) writeOperation(this.#sys, log, LOG_PATH);
    }
  }

  #help(name: string | undefined, action: string | undefined): number {
    if (name === undefined) return this.#print(overallHelp(this.#commands));
    const command = this.#find(name);
    if (command === undefined) return this.#unknown(name);
    return this.#print(commandHelp(command, actionOf(command, action)));
  }

  #find(name: string): Command | undefined {
    return this.#commands.find((command) => command.name === name);
  }

  #unknown(word: string): number {
    const near = nearest(
      word,
      this.#commands.map(({ name }) => name),
    );
    const hint = near === undefined ? '' : `; did you mean "${near}"?`;
    this.#out.complain(
      `azure-vnet: there is no command "${word}"${hint}\nazure-vnet --help lists the commands\n`,
    );
    return STATUS_USAGE;
  }

  #print(text: string): number {
    this.#out.print(text);
    return STATUS_OK;
  }
}

/** The word, if it is an action of the command. */
function actionOf({ actions }: Command, word: string | undefined): string | undefined {
  return actions?.find((action) => action === word);
}

function mayChange({ changes }: Command, { action = '' }: Given): boolean {
  return typeof changes === 'boolean' ? changes : changes.includes(action);
}

/** One line for what the system refused; a defect shows its stack. */
function reasonOf(error: unknown): string {
  const refused = failureOf(error);
  if (refused !== undefined) return refused.message;
  if (error instanceof NetlinkError) return `the kernel refused a question: ${error.errno}`;
  return error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error);
}
