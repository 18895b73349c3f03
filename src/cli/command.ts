/** What a command of the tool is made of. */
import type { OperationLog } from '../state/oplog.ts';
import type { Sys } from '../sys/sys.ts';
import type { Output } from './output.ts';

/** Exit statuses, the same for every command. */
export const STATUS_OK = 0;
export const STATUS_PROBLEMS = 1;
export const STATUS_USAGE = 2;

export interface Flag {
  /** Without the dashes. */
  readonly name: string;
  /** What the help shows for its value; a flag without one is a switch. */
  readonly value?: string;
  readonly help: string;
  readonly required?: boolean;
  /** May be given several times; the values are joined by commas, and one may have commas itself. */
  readonly repeats?: boolean;
  /** One letter that stands for it, as in `-p 80:80`. */
  readonly short?: string;
  /** The only actions that it goes with; every one when absent. */
  readonly only?: readonly string[];
  /** Which values are accepted; all when absent. */
  readonly accepts?: {
    readonly test: (text: string) => boolean;
    /** Completes "expected …". */
    readonly expected: string;
  };
}

/** The words that an action takes besides flags. */
export interface Words {
  /** As the help shows them: `NAME NAMESPACE IMAGE`. */
  readonly shown: string;
  readonly least: number;
  readonly most: number;
  /** What may follow after `--`, as the help shows it; nothing when absent. */
  readonly tail?: string;
}

export interface Command {
  readonly name: string;
  /** One line of the list of commands. */
  readonly summary: string;
  /** What may come first after the command's name, such as `apply`, and must when it is present. */
  readonly actions?: readonly string[];
  /** By action; one that is not named takes none. */
  readonly words?: Readonly<Record<string, Words>>;
  readonly flags: readonly Flag[];
  /** What it does and what its exit status says; paragraphs of the command's own help. */
  readonly details: readonly string[];
  /** What its exit statuses say where that is more than the usual. */
  readonly statuses?: string;
  /** True for a command that is refused to everybody but root. */
  readonly needsRoot: boolean;
  /** Whether it may change something, or which of its actions may: that leaves a line in the log. */
  readonly changes: boolean | readonly string[];
  /** Returns the exit status. */
  run(call: Call): number;
}

/** The flags of one call, checked. */
export interface Given {
  /** One of the command's actions; present when it has some. */
  readonly action?: string;
  readonly switches: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
  /** Present when the command takes words: those before `--`, and those after it. */
  readonly words?: readonly string[];
  readonly tail?: readonly string[];
}

export interface Call {
  readonly sys: Sys;
  readonly log: OperationLog;
  readonly out: Output;
  readonly given: Given;
  /** `v0.1.0` */
  readonly version: string;
}

export const JSON_FLAG: Flag = { name: 'json', help: 'Prints one JSON document.' };
export const DRY_RUN_FLAG: Flag = { name: 'dry-run', help: 'Prints what would be done and changes nothing.' };
export const CONFLIST_FLAG: Flag = {
  name: 'conflist',
  value: 'DIR',
  help: 'Directory of the network configurations; /etc/cni/net.d when absent.',
  accepts: { test: (text) => text.startsWith('/'), expected: 'an absolute path' },
};
export const CNI_PATH_FLAG: Flag = {
  name: 'cni-path',
  value: 'DIR[:DIR]',
  help: 'Directories of the plugins; $CNI_PATH or /opt/cni/bin when absent.',
  accepts: {
    test: (text) => text.split(':').every((part) => part.startsWith('/')),
    expected: 'absolute paths, separated by colons',
  },
};

const DEFAULT_CONFLIST_DIRECTORY = '/etc/cni/net.d';
const DEFAULT_CNI_PATH = '/opt/cni/bin';

export function conflistDirectory({ given }: Pick<Call, 'given'>): string {
  return (given.values.get(CONFLIST_FLAG.name) ?? DEFAULT_CONFLIST_DIRECTORY).replace(/(.)\/+$/, '$1');
}

export function cniPath({ given, sys }: Pick<Call, 'given' | 'sys'>): string[] {
  const text = given.values.get(CNI_PATH_FLAG.name) || sys.environ().CNI_PATH || DEFAULT_CNI_PATH;
  return text.split(':').filter((directory) => directory.startsWith('/'));
}
