/**
 * What the lab and its resident processes say to each other: one JSON document per line over a unix
 * socket in the lab's directory; every request is answered once, in any order.
 */

/** One process per namespace: it runs programs there and, by role, is a server of the VNet. */
export type Role = 'vm' | 'fabric' | 'internet';

/** The lab's directory as the residents see it: at the same place in each mount namespace. */
export const RESIDENT_DIRECTORY = '/run/lab/state';

/** The wireserver's requests, one JSON document per line, in the lab's directory. */
export const REQUEST_LOG = 'wireserver.log';

export type ResidentRequest = {
  readonly id: number;
} & (
  | {
      readonly op: 'run';
      readonly argv: readonly string[];
      /** The whole environment of the program; that of the resident when absent. */
      readonly env?: Readonly<Record<string, string>>;
      readonly stdin?: string;
      readonly timeoutMs?: number;
    }
  | {
      /** Starts a program that stays; it ends with the namespaces at the latest. */
      readonly op: 'start';
      readonly argv: readonly string[];
      readonly env?: Readonly<Record<string, string>>;
      /** File of the place that gets its output; dropped when absent. */
      readonly outputPath?: string;
    }
  | { readonly op: 'stop'; readonly pid: number }
);

export type ResidentAnswer = { readonly id: number } & (
  | { readonly value: unknown }
  | { readonly error: string }
);
