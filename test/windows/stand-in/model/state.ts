/** What the stand-in remembers between calls and processes: one JSON file, read and written under a lock. */
import type { JsonObject } from '../../../../src/sys/json.ts';

export interface ModelNetwork {
  readonly id: string;
  readonly name: string;
  /** Lower case: l2bridge, l2tunnel. */
  readonly type: string;
  readonly adapter: string;
  readonly subnets: readonly { readonly prefix: string; readonly gateway: string }[];
  /** As they came, in the schema of the version that made it. */
  readonly settings: JsonObject;
}

export interface ModelEndpoint {
  readonly id: string;
  readonly name: string;
  readonly networkId: string;
  readonly mac: string;
  readonly address: string;
  readonly prefixBits: number;
  readonly settings: JsonObject;
  /** Of version 2; empty when it is in none. */
  readonly namespace: string;
  /** Of version 1. */
  readonly containers: readonly string[];
}

export interface ModelState {
  readonly version: { readonly Major: number; readonly Minor: number };
  /** Names that a network may have as its adapter. */
  readonly adapters: readonly string[];
  readonly networks: readonly ModelNetwork[];
  readonly endpoints: readonly ModelEndpoint[];
  /** Ids of the namespaces, which a container runtime makes. */
  readonly namespaces: readonly string[];
  /** Ids of the running containers that HCS knows. */
  readonly systems: readonly string[];
  /** MAC addresses given out. */
  readonly serial: number;
}

/** As Windows Server 2022 is before anybody has made anything. */
export const EMPTY_STATE: ModelState = {
  version: { Major: 13, Minor: 1 },
  adapters: ['Ethernet'],
  networks: [],
  endpoints: [],
  namespaces: [],
  systems: [],
  serial: 0,
};

/** What a test has the stand-in do differently. The first rule that fits a call counts. */
export interface ControlRule {
  /** Function and, of HNSCall, method and the beginning of the path: `HcnCreateEndpoint`, `HNSCall POST /endpoints/`. */
  readonly call: string;
  /** Calls that are answered as usual before the rule begins; 0 when absent. */
  readonly after?: number;
  /** Calls that it is for; all when absent. */
  readonly times?: number;
  /**
   * `fail` refuses; `fail late` does it and says that it failed; `hang` never returns; `forget` says that it has done
   * it and has not; `garbage` answers with what is no JSON; `lose` is `hang` after it was done.
   */
  readonly action: 'fail' | 'fail late' | 'hang' | 'lose' | 'forget' | 'garbage';
  /** For `fail`: without sign; 0x80004005 (E_FAIL) when absent. */
  readonly hresult?: number;
  readonly error?: string;
}

/** A line of the log: what came in, as it came, and what went out. */
export interface LoggedCall {
  readonly pid: number;
  readonly call: string;
  readonly arguments: readonly string[];
  readonly hresult: number;
  readonly text: string;
  readonly error: string;
}
