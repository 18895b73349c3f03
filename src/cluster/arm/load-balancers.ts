/**
 * The load balancers of the API server.
 *
 *     internet     ─► public   443 ─────────► 443 of a master
 *     agents, pods ─► internal 443 ─► 4443 ─► 443 of a master      (with one master: its own address)
 */
import { formatIpv4 } from '../../net/ipv4.ts';
import { API_BACK_PORT, API_PORT } from '../nodes/setup.ts';
import type { PlannedFrontend } from '../plan.ts';
import { type Context, networkDependency, subnetId } from './context.ts';
import { type Expression, evaluated, reference, resourceId } from './expressions.ts';
import { NETWORK, type Resource, resource } from './resource.ts';

const SSH_PORT = 22;
/** Front ports for SSH to the masters 2, 3 …; the first has 22. */
const SSH_FIRST_FRONT_PORT = 2201;
const SCALE_SET_SSH_PORTS = [50_001, 50_119] as const;
/** Minutes; 4 to 30 are possible. */
const IDLE_TIMEOUT_MIN = 5;
const FRONTEND = 'k8s-master-frontend';
const PROBE = 'api';

export function loadBalancerResources(context: Context): Resource[] {
  const { plan } = context;
  return [
    publicIp(context),
    publicLoadBalancer(context),
    ...(plan.internalLoadBalancer === undefined ? [] : [internal(context, plan.internalLoadBalancer)]),
  ];
}

/** The id of what the load balancer has under this name. */
function part(loadBalancer: string, kind: string, name: string): Expression {
  return resourceId(`${NETWORK}/loadBalancers/${kind}`, loadBalancer, name);
}

export function backendPool({ plan }: Context, loadBalancer: string): Expression {
  return part(loadBalancer, 'backendAddressPools', poolName(plan.clusterId));
}

export function sshRuleName(index: number): string {
  return `ssh-${index}`;
}

export function sshRule({ names }: Context, name: Expression): Expression {
  return resourceId(`${NETWORK}/loadBalancers/inboundNatRules`, names.loadBalancer, name);
}

export function sshPool({ names }: Context): Expression {
  return part(names.loadBalancer, 'inboundNatPools', 'ssh');
}

function poolName(clusterId: string): string {
  return `k8s-master-pool-${clusterId}`;
}

function publicIp({ definition, names }: Context): Resource {
  const { loadBalancerSku } = definition.network;
  return resource(NETWORK, 'publicIPAddresses', {
    name: names.publicIp,
    sku: { name: loadBalancerSku },
    properties: {
      // A load balancer of the standard kind takes static addresses only.
      publicIPAllocationMethod: loadBalancerSku === 'Standard' ? 'Static' : 'Dynamic',
      dnsSettings: { domainNameLabel: definition.master.dnsPrefix.toLowerCase() },
    },
  });
}

function publicLoadBalancer(context: Context): Resource {
  const { definition, names } = context;
  const address = resourceId(`${NETWORK}/publicIPAddresses`, names.publicIp);
  return loadBalancer(context, {
    name: names.loadBalancer,
    dependsOn: evaluated(address),
    frontend: { publicIPAddress: reference(address) },
    backPort: API_PORT,
    more:
      definition.master.availability === 'AvailabilitySet'
        ? { inboundNatRules: sshRules(context) }
        : { inboundNatPools: [sshPoolOf(context)] },
  });
}

function internal(context: Context, { address, subnet }: PlannedFrontend): Resource {
  return loadBalancer(context, {
    name: context.names.internalLoadBalancer,
    dependsOn: networkDependency(context),
    frontend: {
      privateIPAddress: formatIpv4(address),
      privateIPAllocationMethod: 'Static',
      subnet: { id: subnetId(context, subnet) },
    },
    backPort: API_BACK_PORT,
    more: {},
  });
}

interface Balanced {
  readonly name: string;
  readonly dependsOn: string;
  readonly frontend: object;
  /** Where the masters listen. */
  readonly backPort: number;
  readonly more: object;
}

/** One rule for the API with the probe that tells which masters answer. */
function loadBalancer(context: Context, { name, dependsOn, frontend, backPort, more }: Balanced): Resource {
  const rule = {
    name: PROBE,
    properties: {
      protocol: 'Tcp',
      frontendPort: API_PORT,
      backendPort: backPort,
      enableFloatingIP: false,
      idleTimeoutInMinutes: IDLE_TIMEOUT_MIN,
      loadDistribution: 'Default',
      frontendIPConfiguration: reference(part(name, 'frontendIPConfigurations', FRONTEND)),
      backendAddressPool: reference(backendPool(context, name)),
      probe: reference(part(name, 'probes', PROBE)),
    },
  };
  const probe = {
    name: PROBE,
    properties: { protocol: 'Tcp', port: backPort, intervalInSeconds: 5, numberOfProbes: 2 },
  };
  return resource(NETWORK, 'loadBalancers', {
    name,
    sku: { name: context.definition.network.loadBalancerSku },
    dependsOn: [dependsOn],
    properties: {
      frontendIPConfigurations: [{ name: FRONTEND, properties: frontend }],
      backendAddressPools: [{ name: poolName(context.plan.clusterId) }],
      loadBalancingRules: [rule],
      probes: [probe],
      ...more,
    },
  });
}

/** SSH to each master by a port of its own. */
function sshRules({ definition, names }: Context): object[] {
  return Array.from({ length: definition.master.count }, (_, index) => ({
    name: sshRuleName(index),
    properties: {
      protocol: 'Tcp',
      frontendPort: index === 0 ? SSH_PORT : SSH_FIRST_FRONT_PORT + index - 1,
      backendPort: SSH_PORT,
      enableFloatingIP: false,
      frontendIPConfiguration: reference(part(names.loadBalancer, 'frontendIPConfigurations', FRONTEND)),
    },
  }));
}

function sshPoolOf({ names }: Context): object {
  const [first, last] = SCALE_SET_SSH_PORTS;
  return {
    name: 'ssh',
    properties: {
      protocol: 'Tcp',
      frontendPortRangeStart: first,
      frontendPortRangeEnd: last,
      backendPort: SSH_PORT,
      frontendIPConfiguration: reference(part(names.loadBalancer, 'frontendIPConfigurations', FRONTEND)),
    },
  };
}
