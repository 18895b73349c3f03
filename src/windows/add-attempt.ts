/** One attempt of an ADD: what it has made so far, and how it is undone in reverse. */
import type { CniResult, JsonObject } from '../cni/types.ts';
import type { Ipam } from '../ipam/through.ts';
import { type Failure, failureOf } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';
import type { Assignment } from '../vnet/assignment.ts';
import type { WindowsCall } from './call.ts';
import { type DnsSettings, dnsOfResult, endpointDns } from './dns.ts';
import { endpointPolicies } from './endpoint-policies.ts';
import { type EndpointPlan, type Hns, type HnsEndpoint, hnsFailure } from './hns.ts';
import { joinNetwork } from './network.ts';
import {
  ENDPOINTS_DIR,
  type EndpointRecord,
  type NetworkRecord,
  removeEndpoint,
  UNFINISHED_DIR,
  writeEndpoint,
} from './records.ts';
import { composeResult } from './result.ts';
import { targetOf } from './sandbox.ts';
import { deleteEndpoints } from './take-down.ts';

export class AddAttempt {
  readonly ipam: Ipam;
  hasAddress = false;
  readonly #call: WindowsCall;
  readonly #hns: Hns;
  #record: EndpointRecord;
  /** HNS was asked for the endpoint: it may have made it, whatever it answered. */
  #wasAsked = false;

  constructor(call: WindowsCall, hns: Hns, record: EndpointRecord, known: NetworkRecord | undefined) {
    this.#call = call;
    this.#hns = hns;
    this.#record = record;
    this.ipam = call.ipam(known);
  }

  /** Runs the attempt with its record on disk; what it throws is undone as well. */
  guarded(work: () => Result<CniResult, Failure>): Result<CniResult, Failure> {
    writeEndpoint(this.#call.sys, UNFINISHED_DIR, this.#record);
    try {
      return work();
    } catch (error) {
      const reason = failureOf(error);
      if (reason === undefined) throw error;
      removeEndpoint(this.#call.sys, ENDPOINTS_DIR, this.#record);
      return this.undo(reason);
    }
  }

  /** Network, endpoint, attachment. */
  connect(assignment: Assignment, ipamResult: CniResult): Result<CniResult, Failure> {
    const { config, request } = this.#call;
    const dns = endpointDns(config.runtimeDns, config.dns, request.env.args.podNamespace, ipamResult.dns);
    if (!dns.ok) return dns;
    const [ip] = ipamResult.ips;
    const network = joinNetwork(this.#call, this.#hns, {
      subnet: assignment.subnet,
      gateway: ip?.gateway?.family === 4 ? ip.gateway.address : undefined,
      dns: ipamResult.dns,
    });
    if (!network.ok) return network;
    const policies = endpointPolicies(this.#call, this.#hns, assignment);
    if (!policies.ok) return policies;
    const endpoint = this.#create({
      name: this.#record.endpoint,
      networkId: network.value.hnsId,
      addresses: assignment.addresses,
      routes: assignment.routes,
      dns: dns.value,
      policies: policies.value,
    });
    if (!endpoint.ok) return endpoint;
    const attached = this.#attach(endpoint.value);
    return attached.ok ? ok(this.#result(assignment, dns.value, endpoint.value)) : attached;
  }

  #create(plan: EndpointPlan): Result<HnsEndpoint, Failure> {
    this.#record = { ...this.#record, addresses: plan.addresses.map(({ address }) => address) };
    this.#wasAsked = true;
    const created = this.#hns.createEndpoint(plan);
    if (created.ok) {
      this.#record = { ...this.#record, hnsId: created.value.id };
      return created;
    }
    return err(
      hnsFailure('ENDPOINT_SETUP', `Failed to create endpoint: ${plan.name} due to error`, created.error),
    );
  }

  #attach({ id }: HnsEndpoint): Result<void, Failure> {
    const { sandbox, request } = this.#call;
    const target = targetOf(sandbox, request.env);
    const attached = this.#hns.attach(id, target);
    if (attached.ok) return attached;
    const where = this.#hns.version === 2 ? `hcn namespace: ${target}` : `container: ${target}`;
    return err(
      hnsFailure('ENDPOINT_SETUP', `Failed to add endpoint: ${id} to ${where} due to error`, attached.error),
    );
  }

  #result({ result }: Assignment, dns: DnsSettings, endpoint: HnsEndpoint): CniResult {
    return composeResult(this.#call, endpoint, {
      ips: result.ips,
      routes: result.routes,
      dns: dnsOfResult(dns),
    });
  }

  /** All is done: the record says so, and what stood for the call goes. */
  finish(result: JsonObject): void {
    const { sys } = this.#call;
    writeEndpoint(sys, ENDPOINTS_DIR, { ...this.#record, result });
    removeEndpoint(sys, UNFINISHED_DIR, this.#record);
  }

  /** Endpoint, address, record. What cannot be undone now keeps its record and its address for the next call. */
  undo(reason: Failure): Result<never, Failure> {
    const { sys, log } = this.#call.context;
    const deleted = this.#wasAsked ? deleteEndpoints(this.#call, this.#record) : ok(undefined);
    if (!deleted.ok) {
      writeEndpoint(sys, UNFINISHED_DIR, this.#record);
      log.note('warn', `endpoint ${this.#record.endpoint} may be in HNS; the next call removes it`);
      return err(reason);
    }
    const released = this.hasAddress ? this.ipam.del() : ok(undefined);
    if (released.ok) removeEndpoint(sys, UNFINISHED_DIR, this.#record);
    else log.note('error', `undoing the address failed: ${released.error.message}`);
    return err(reason);
  }
}
