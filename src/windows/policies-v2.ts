/** Endpoint policies as HNS of version 2 (HCN) reads them: a type and its settings, keys in the order of the schema. */
import { Fields, joinProblems } from '../cni/fields.ts';
import { isObject, lookup } from '../cni/json.ts';
import { type Failure, failure } from '../sys/failure.ts';
import type { JsonObject, JsonValue } from '../sys/json.ts';
import { err, ok, type Result } from '../sys/result.ts';
import type { EndpointPolicy } from './policies.ts';
import { portMappingSettings } from './port-mappings.ts';

/** All policies, or the failure of the first one that version 2 has no form for. */
export function policiesV2(policies: readonly EndpointPolicy[]): Result<readonly JsonObject[], Failure> {
  const written: JsonObject[] = [];
  for (const policy of policies) {
    const one = policyV2(policy);
    if (!one.ok) return one;
    written.push(one.value);
  }
  return ok(written);
}

function policyV2(policy: EndpointPolicy): Result<JsonObject, Failure> {
  switch (policy.kind) {
    case 'outbound-nat':
      return ok({
        Type: 'OutBoundNAT',
        Settings: {
          ...(policy.virtualIp === undefined ? {} : { VirtualIP: policy.virtualIp }),
          ...(policy.exceptions.length === 0 ? {} : { Exceptions: policy.exceptions }),
          ...(policy.destinations.length === 0 ? {} : { Destinations: policy.destinations }),
        },
      });
    case 'port':
      return ok({ Type: 'PortMapping', Settings: portMappingSettings(policy.mapping) });
    default:
      return fromConfiguration(policy.kind, policy.value);
  }
}

function fromConfiguration(
  kind: keyof typeof SHAPES | 'port-mapping' | 'other',
  value: JsonObject,
): Result<JsonObject, Failure> {
  const type = lookup(value, 'Type') ?? '';
  const settings = lookup(value, 'Settings');
  // Written for version 2 already.
  if (typeof type === 'string' && type !== '' && isObject(settings)) {
    return ok({ Type: type === 'ROUTE' ? 'SDNRoute' : type, Settings: settings });
  }
  if (kind === 'other') {
    const text = `Failed to set Policy: Type: ${String(type)}, Data: ${JSON.stringify(value)}`;
    return err(failure('INVALID_CONFIG', `${text}; HNS version 2 has no such policy`));
  }
  const fields = new Fields(value, `AdditionalArgs: ${String(type)}: `);
  const { hcnType, keys } = kind === 'port-mapping' ? PORT_MAPPING : SHAPES[kind];
  const written = { Type: hcnType, Settings: shaped(fields, keys) };
  const problem = joinProblems(fields.problems);
  return problem === undefined ? ok(written) : err(problem);
}

/** How a key of the settings is written; `always` is written for when it is absent. */
type Shape = 'text' | 'number' | 'flag' | 'always' | Shapes;
interface Shapes {
  readonly [key: string]: Shape;
}

/** The keys in the order of the shape; zero, false and empty texts are left out, as the schema has it. */
function shaped(fields: Fields, shapes: Shapes): JsonObject {
  const entries = Object.entries(shapes).map(([key, shape]): [string, JsonValue | undefined] => {
    if (typeof shape === 'object') return [key, shaped(fields.child(key), shape)];
    if (shape === 'always') return [key, fields.string(key)];
    if (shape === 'flag') return [key, fields.boolean(key) || undefined];
    if (shape === 'number') return [key, fields.count(key) || undefined];
    return [key, fields.string(key) || undefined];
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

const TUPLE: Shapes = {
  Protocols: 'text',
  LocalAddresses: 'text',
  RemoteAddresses: 'text',
  LocalPorts: 'text',
  RemotePorts: 'text',
  Priority: 'number',
};

const SHAPES = {
  route: {
    hcnType: 'SDNRoute',
    keys: { DestinationPrefix: 'text', NextHop: 'text', NeedEncap: 'flag' } as Shapes,
  },
  proxy: {
    hcnType: 'L4WFPPROXY',
    keys: {
      InboundProxyPort: 'text',
      OutboundProxyPort: 'text',
      FilterTuple: TUPLE,
      UserSID: 'text',
      InboundExceptions: {},
      OutboundExceptions: {},
    } as Shapes,
  },
  acl: {
    hcnType: 'ACL',
    keys: {
      Protocols: 'text',
      Action: 'always',
      Direction: 'always',
      LocalAddresses: 'text',
      RemoteAddresses: 'text',
      LocalPorts: 'text',
      RemotePorts: 'text',
      RuleType: 'text',
      Priority: 'number',
    } as Shapes,
  },
} as const;

const PORT_MAPPING = {
  hcnType: 'PortMapping',
  keys: {
    Protocol: 'number',
    InternalPort: 'number',
    ExternalPort: 'number',
    VIP: 'text',
    Flags: 'number',
  } as Shapes,
};
