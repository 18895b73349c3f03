/**
 * WindowsSys: what the host of the Windows executable (native/windows/) has beyond Sys. Of Sys it refuses
 * `netlink`, `setNetns`, `detach` and `readlink` with ENOSYS.
 *
 * Paths are absolute, with a drive and slashes: `C:/ProgramData/azure-vnet/lock`; backslashes are taken too.
 * Names are told apart as the file system does it, without regard to case.
 */
import type { Sys } from './sys.ts';

/** One adapter with an address, as GetAdaptersAddresses lists them. */
export interface Adapter {
  /** Interface index of IPv4. */
  readonly index: number;
  /** The name that people and HNS use: `Ethernet`, `vEthernet (Ethernet)`. */
  readonly name: string;
  /** `00:0d:3a:0a:0b:0c`; empty without an Ethernet address. */
  readonly mac: string;
  readonly loopback: boolean;
  readonly up: boolean;
  /** Bytes. */
  readonly mtu: number;
  /** Dotted addresses. */
  readonly ipv4: readonly { readonly address: string; readonly prefixBits: number }[];
  /** Dotted addresses. */
  readonly gateways: readonly string[];
}

/** What a call to the host network service returned; a refusal is a value. */
export interface HnsAnswer {
  /** HRESULT without sign; 0 is S_OK, 0x80000000 and above are failures. */
  readonly hresult: number;
  /** The function of the DLL that returned it: of several, the one that failed, else the last. */
  readonly call: string;
  /** JSON of the answer; empty when there is none. */
  readonly text: string;
  /** The error record of HCN, JSON; empty when there is none. */
  readonly error: string;
}

export type HcnKind = 'Network' | 'Endpoint' | 'Namespace';

/**
 * The calls to the host network service throw SysErrors with the name of the DLL's function in the message:
 * ENOSYS when the DLL or the function is not on this machine, ETIMEDOUT when it has not returned within
 * `timeoutMs`. The thread that made the call is then left alone, and it may still have its effect.
 * An id is a GUID without braces; a malformed one is EINVAL.
 */
export interface WindowsSys extends Sys {
  adapters(): Adapter[];
  /** True while a process of this id runs. */
  isRunning(pid: number): boolean;
  /** The same until the machine is restarted, then another. */
  bootId(): string;
  /** Build of Windows: 17763 is Windows Server 2019, 20348 Windows Server 2022. */
  osBuild(): number;
  /** Makes `path` another name of the file `existing`, on the same volume; EEXIST when it is there. */
  link(existing: string, path: string): void;
  /** Path of this executable, with slashes. */
  executablePath(): string;
  /** A random GUID, lower case, without braces. */
  newGuid(): string;

  // ---- HNS, version 1: vmcompute.dll ----
  /** HNSCall: `path` is such as `/networks/`; `request` JSON, or empty. */
  hnsCall(method: 'GET' | 'POST' | 'DELETE', path: string, request: string, timeoutMs: number): HnsAnswer;
  /** HcsOpenComputeSystem, HcsModifyComputeSystem, HcsCloseComputeSystem. */
  hcsModify(containerId: string, request: string, timeoutMs: number): HnsAnswer;

  // ---- HNS, version 2: computenetwork.dll; every handle that a call opens is closed by it ----
  /** HcnEnumerate…: a JSON array of ids. */
  hcnEnumerate(kind: HcnKind, query: string, timeoutMs: number): HnsAnswer;
  /** HcnOpen…, HcnQuery…Properties. */
  hcnQuery(kind: HcnKind, id: string, query: string, timeoutMs: number): HnsAnswer;
  /** HcnCreateNetwork, HcnQueryNetworkProperties. With the id `` HNS chooses one. */
  hcnCreateNetwork(id: string, settings: string, timeoutMs: number): HnsAnswer;
  /** HcnOpenNetwork, HcnCreateEndpoint, HcnQueryEndpointProperties. With the id `` HNS chooses one. */
  hcnCreateEndpoint(networkId: string, id: string, settings: string, timeoutMs: number): HnsAnswer;
  /** HcnOpen…, HcnModify…. */
  hcnModify(kind: HcnKind, id: string, settings: string, timeoutMs: number): HnsAnswer;
  /** HcnDelete…. */
  hcnDelete(kind: HcnKind, id: string, timeoutMs: number): HnsAnswer;
}
