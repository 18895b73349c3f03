/**
 * ADD. The address first, because its subnet decides the NIC; then the network, then the endpoint.
 * A failure at any step undoes what this call did, and nothing else.
 */
import { parseNetworkConfig } from '../cni/config.ts';
import { optional } from '../cni/fields.ts';
import { parseIpamConfig } from '../cni/ipam-config.ts';
import { formatResult, parseResult } from '../cni/result.ts';
import type { CniRequest, CniResult, IpamConfig, NetworkConfig, PluginContext } from '../cni/types.ts';
import { formatIpv4Net } from '../net/cidr.ts';
import type { Failure } from '../sys/failure.ts';
import { broken, err, ok, type Result } from '../sys/result.ts';
import type { Fd } from '../sys/sys.ts';
import { type AddAttempt, abandon, endWithout, occupied, undoIpam } from './add-failure.ts';
import { type Assignment, composeResult, readAssignment } from './assignment.ts';
import { completeDel } from './complete-del.ts';
import { createEndpoint, type EndpointPlan, endpointMacs } from './endpoint.ts';
import { ENDPOINTS_DIR, type EndpointRecord, readEndpoint, writeEndpoint } from './endpoint-record.ts';
import { repairEndpoint } from './endpoint-repair.ts';
import { Sockets } from './host-links.ts';
import { type Ipam, ipamOf, isHere, OWN_IPAM } from './ipam.ts';
import { hostVethName } from './names.ts';
import { joinNetwork } from './network.ts';
import type { ReadyNetwork } from './network-build.ts';
import { isFor } from './network-current.ts';
import { standingNetwork } from './network-ready.ts';
import { type NetworkRecord, readNetwork } from './network-record.ts';
import { sweepPending } from './pending.ts';
import { reinstateLeases } from './reinstate.ts';
import { openSandbox } from './sandbox.ts';
import { removeVanished } from './vanished.ts';
import { stillConnected } from './verify.ts';

export function add(context: PluginContext, request: CniRequest): Result<CniResult, Failure> {
  const config = parseNetworkConfig(request);
  if (!config.ok) return config;
  const here = isHere(context, request, config.value.ipamType);
  // What it would refuse is known before anything is changed, so that a refused ADD leaves no trace.
  const ipam = here ? parseIpamConfig(request) : ok(undefined);
  if (!ipam.ok) return ipam;
  const sandbox = openSandbox(context.sys, request.env.netns);
  if (!sandbox.ok) return sandbox;
  const call = new AddCall(context, request, config.value, sandbox.value, ipam.value);
  return call.answerAgain() ?? call.run();
}

/** A second attempt, after the lease of a pod that had lost it was reinstated, gets another address. */
const MAX_ATTEMPTS = 2;

/** One ADD: what its steps share. */
class AddCall {
  readonly #context: PluginContext;
  readonly #request: CniRequest;
  readonly #config: NetworkConfig;
  readonly #sandbox: Fd;
  /** Of our own IPAM, which is in this process; undefined for another program. */
  readonly #ipamConfig: IpamConfig | undefined;
  readonly #sockets: Sockets;
  readonly #hostVeth: string;
  /** The network as an earlier call recorded it; IPAM may find that this call is for another. */
  readonly #standing: ReadyNetwork | undefined;

  constructor(
    context: PluginContext,
    request: CniRequest,
    config: NetworkConfig,
    sandbox: Fd,
    ipamConfig: IpamConfig | undefined,
  ) {
    this.#context = context;
    this.#request = request;
    this.#config = config;
    this.#sandbox = sandbox;
    this.#ipamConfig = ipamConfig;
    this.#sockets = new Sockets(context);
    this.#hostVeth = hostVethName(context.sys, config.name, request.env);
    this.#standing = standingNetwork(context, this.#sockets, config);
  }

  /**
   * The answer of an earlier ADD for the same attachment when its endpoint still stands. Otherwise
   * what is left of it is removed, and this is an ADD like any other.
   */
  answerAgain(): Result<CniResult, Failure> | undefined {
    const { sys, log } = this.#context;
    sweepPending(this.#context, this.#sockets, this.#request);
    const record = readEndpoint(sys, log, ENDPOINTS_DIR, this.#config.name, this.#request.env);
    if (record === undefined) return undefined;
    if (record.phase === 'ready' && record.result !== undefined) {
      const result = parseResult(record.result, this.#request.version);
      if (result.ok && stillConnected(this.#context, this.#sockets, record, result.value, this.#sandbox)) {
        log.note('info', 'repeated ADD: the endpoint stands, its result is answered again');
        return result;
      }
    }
    log.note('warn', 'an earlier ADD for this attachment left an endpoint, which is removed first');
    const failed = completeDel(this.#context, this.#sockets, this.#request, record);
    return failed === undefined ? undefined : err(failed);
  }

  run(): Result<CniResult, Failure> {
    const { sys, log } = this.#context;
    const known = this.#standing?.record ?? readNetwork(sys, log, this.#config.name);
    if (known === undefined) this.#reinstate(known);
    for (let attempt = 1; ; attempt++) {
      const result = this.#attempt(known);
      if (result !== 'occupied') return result;
      if (attempt === MAX_ATTEMPTS) return err(occupied(this.#context.log.fields.address));
      this.#reinstate(known);
    }
  }

  /** One try; `occupied` when a pod that no lease knows has the address, and everything is undone. */
  #attempt(known: NetworkRecord | undefined): Result<CniResult, Failure> | 'occupied' {
    const read = this.#ipamConfig;
    const { ipamType } = this.#config;
    const ipam = ipamOf(this.#context, this.#request, ipamType, known, read !== undefined, read);
    const answer = this.#lease(ipam);
    if (!answer.ok) return answer;
    const attempt = this.#state(ipam);
    const assignment = readAssignment(answer.value);
    if (!assignment.ok) return undoIpam(attempt, assignment.error);
    this.#context.log.set('address', assignment.value.addresses.map(formatIpv4Net).join(','));
    try {
      const network = this.#network(assignment.value);
      if (!network.ok) return undoIpam(attempt, network.error);
      return this.#connect(attempt, assignment.value, network.value);
    } catch (error) {
      return abandon(attempt, assignment.value, error);
    }
  }

  /** Before a pool counts as used up, it gets back what vanished containers have in it. */
  #lease(ipam: Ipam): ReturnType<Ipam['add']> {
    const answer = ipam.add();
    const usedUp = !answer.ok && answer.error.code === 'POOL_EXHAUSTED';
    return usedUp && removeVanished(this.#context, this.#sockets, this.#request) ? ipam.add() : answer;
  }

  #state(ipam: Ipam): AddAttempt {
    return {
      context: this.#context,
      sockets: this.#sockets,
      request: this.#request,
      config: this.#config,
      hostVeth: this.#hostVeth,
      ipam,
    };
  }

  #reinstate(known: NetworkRecord | undefined): void {
    if (this.#config.ipamType !== OWN_IPAM) return;
    reinstateLeases(this.#context, this.#sockets, this.#request, known);
  }

  #network({ subnet }: Assignment): Result<ReadyNetwork, Failure> {
    const standing = this.#standing;
    return standing !== undefined && isFor(standing, this.#config, subnet)
      ? ok(standing)
      : joinNetwork(this.#context, this.#sockets, this.#config, subnet);
  }

  #connect(
    attempt: AddAttempt,
    assignment: Assignment,
    network: ReadyNetwork,
  ): Result<CniResult, Failure> | 'occupied' {
    const record = this.#record(assignment, network);
    const plan = this.#plan(assignment, network);
    writeEndpoint(this.#context.sys, ENDPOINTS_DIR, record);
    const first = createEndpoint(this.#context, this.#sockets, plan);
    const outcome =
      first.state === 'created' ? first : repairEndpoint(attempt, record, plan, assignment.subnet, first);
    return outcome.state === 'created'
      ? ok(this.#finish(assignment, record, plan))
      : endWithout(attempt, record, outcome);
  }

  #finish(assignment: Assignment, record: EndpointRecord, plan: EndpointPlan): CniResult {
    const { mtu, bridge, hostVeth, hostMac, ifname, mac } = plan;
    const result = composeResult(this.#config, this.#request.prevResult, assignment.result, {
      bridge: { name: bridge.name, ...optional('mac', bridge.mac), mtu: bridge.mtu },
      host: { name: hostVeth, mac: hostMac, mtu },
      container: { name: ifname, mac, mtu, sandbox: this.#request.env.netns },
    });
    const document = formatResult(result, '1.1.0');
    if (!document.ok) broken(`${document.error}`);
    writeEndpoint(this.#context.sys, ENDPOINTS_DIR, { ...record, phase: 'ready', result: document.value });
    return result;
  }

  #record(assignment: Assignment, network: ReadyNetwork): EndpointRecord {
    const { env } = this.#request;
    return {
      phase: 'adding',
      network: this.#config.name,
      containerId: env.containerId,
      ifname: env.ifname,
      sandbox: env.netns,
      bridge: network.bridge.name,
      hostVeth: this.#hostVeth,
      addresses: assignment.addresses.map((net) => net.address),
      ipamType: this.#config.ipamType,
      ...optional('podName', env.args.podName),
      ...optional('podNamespace', env.args.podNamespace),
      sinceMs: this.#context.sys.realtimeMs(),
    };
  }

  #plan(assignment: Assignment, network: ReadyNetwork): EndpointPlan {
    const { env } = this.#request;
    return {
      ifname: env.ifname,
      addresses: assignment.addresses,
      ...endpointMacs(assignment.addresses),
      routes: assignment.routes,
      hostVeth: this.#hostVeth,
      bridge: network.bridge,
      mtu: network.mtu,
      sandbox: { fd: this.#sandbox, path: env.netns },
    };
  }
}
