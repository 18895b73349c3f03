/**
 * Every key of the network configuration that one of our plugins reads: the source of the table in the
 * documentation. Imported by the documentation and the tests only, never by the plugins. A test refuses
 * each sample under `refuses` with the parsers, so the table cannot promise what they do not do.
 */
import { CNI_VERSIONS, type JsonValue } from './types.ts';

export interface ConfigKey {
  /** Path of the key; matched in any case. */
  readonly key: string;
  readonly readBy: 'azure-vnet' | 'azure-vnet-ipam' | 'both';
  readonly type: string;
  readonly byDefault: string;
  readonly meaning: string;
  /** Samples that ADD refuses, with the code of the CNI specification: 2 unsupported, 6 and 7 malformed. */
  readonly refuses: readonly { readonly value: JsonValue; readonly code: 1 | 2 | 6 | 7 }[];
}

const notText = { value: 5, code: 7 } as const;
const linkNames = ['../eth0', 'a/b', 'a b', 'sixteen-bytes-xx', '..', 'eth%d'].map((value) => ({
  value,
  code: 7 as const,
}));

const COMMON: readonly ConfigKey[] = [
  {
    key: 'cniVersion',
    readBy: 'both',
    type: 'string',
    byDefault: '`0.1.0`',
    meaning: `Version of the protocol: ${CNI_VERSIONS.join(', ')}.`,
    refuses: [
      { value: '9.9.9', code: 1 },
      { value: 1, code: 6 },
    ],
  },
  {
    key: 'name',
    readBy: 'both',
    type: 'string',
    byDefault: 'required',
    meaning: 'Name of the network. Part of the key of every record.',
    refuses: [
      { value: '', code: 7 },
      { value: 'a/b', code: 7 },
      { value: 5, code: 6 },
    ],
  },
  {
    key: 'master',
    readBy: 'both',
    type: 'string',
    byDefault: 'the NIC whose address lies in the subnet',
    meaning: 'NIC that carries the network. azure-vnet-ipam takes addresses of this NIC only.',
    refuses: [notText, ...linkNames],
  },
];

const NETWORK: readonly ConfigKey[] = [
  {
    key: 'mode',
    readBy: 'azure-vnet',
    type: 'string',
    byDefault: '`bridge`',
    meaning: 'How containers are connected. Only `bridge` so far.',
    refuses: [notText, ...['tunnel', 'transparent', 'Bridge'].map((value) => ({ value, code: 2 as const }))],
  },
  {
    key: 'bridge',
    readBy: 'azure-vnet',
    type: 'string',
    byDefault: '`azure` and the index of the NIC',
    meaning: 'Name of the Linux bridge. An existing bridge of that name is used.',
    refuses: [notText, ...linkNames],
  },
  {
    key: 'ipsToRouteViaHost',
    readBy: 'azure-vnet',
    type: 'list of IPv4 addresses',
    byDefault: 'none',
    meaning: 'Destinations that containers reach through the host, such as a DNS cache at 169.254.20.10.',
    refuses: [
      { value: ['10.0.0'], code: 7 },
      { value: '10.0.0.1', code: 7 },
    ],
  },
  {
    key: 'disableHairpinOnHostInterface',
    readBy: 'azure-vnet',
    type: 'boolean',
    byDefault: 'true',
    meaning: '`false` switches hairpin mode on for the port of the NIC.',
    refuses: [{ value: 'true', code: 7 }],
  },
  {
    key: 'logLevel',
    readBy: 'azure-vnet',
    type: 'string',
    byDefault: '`info`',
    meaning:
      'Which remarks the log has: those of `debug`, `info`, `warn` or `error` and above. Any other text means `info`.',
    refuses: [notText],
  },
  {
    key: 'dns',
    readBy: 'azure-vnet',
    type: 'object',
    byDefault: "the IPAM plugin's",
    meaning: '`nameservers`, `domain`, `search` and `options` of the result.',
    refuses: [
      { value: '10.0.0.10', code: 7 },
      { value: { nameservers: '10.0.0.10' }, code: 7 },
    ],
  },
  {
    key: 'ipam.type',
    readBy: 'azure-vnet',
    type: 'string',
    byDefault: 'required',
    meaning: 'Name of the IPAM plugin, looked for in `CNI_PATH`. Any plugin will do.',
    refuses: [
      notText,
      { value: '', code: 7 },
      { value: '../x', code: 7 },
      { value: 'a/b', code: 7 },
      { value: 'azure-cns', code: 2 },
    ],
  },
  {
    key: 'multiTenancy',
    readBy: 'azure-vnet',
    type: 'boolean',
    byDefault: 'false',
    meaning: 'Not there: only `false`. The keys that belong to it are ignored.',
    refuses: [
      { value: true, code: 2 },
      { value: 'no', code: 7 },
    ],
  },
  {
    key: 'ipv6Mode',
    readBy: 'azure-vnet',
    type: 'string',
    byDefault: 'empty',
    meaning: 'Not there: only empty.',
    refuses: [{ value: 'ipv6nat', code: 2 }, notText],
  },
  {
    key: 'serviceCidrs',
    readBy: 'azure-vnet',
    type: 'string',
    byDefault: 'empty',
    meaning: 'Not there: only empty.',
    refuses: [{ value: '10.0.0.0/16', code: 2 }, notText],
  },
  {
    key: 'executionMode',
    readBy: 'azure-vnet',
    type: 'string',
    byDefault: '`default`',
    meaning: 'Only `default`.',
    refuses: [{ value: 'baremetal', code: 2 }, notText],
  },
  {
    key: 'runtimeConfig.mac',
    readBy: 'azure-vnet',
    type: 'string',
    byDefault: 'empty',
    meaning: 'Not there: the MAC address of a container cannot be chosen.',
    refuses: [{ value: 'c2:11:22:33:44:55', code: 2 }, notText],
  },
];

const IPAM: readonly ConfigKey[] = [
  {
    key: 'ipam.environment',
    readBy: 'azure-vnet-ipam',
    type: 'string',
    byDefault: '`azure`',
    meaning: 'Source of the addresses: `azure` asks the wireserver, `mas` and `fileIpam` read a file.',
    refuses: [notText, ...['ipv6NodeIpam', 'null', 'Azure'].map((value) => ({ value, code: 2 as const }))],
  },
  {
    key: 'ipam.subnet',
    readBy: 'azure-vnet-ipam',
    type: 'IPv4 network',
    byDefault: 'the best pool',
    meaning: 'Takes addresses of this subnet only.',
    refuses: [
      notText,
      ...['10.240.0.0', '10.240.0.5/16', '10.240.0.0/33'].map((value) => ({ value, code: 7 as const })),
    ],
  },
  {
    key: 'ipam.ipAddress',
    readBy: 'azure-vnet-ipam',
    type: 'IPv4 address',
    byDefault: 'any free one',
    meaning: 'Asks for this address. `IP=` in `CNI_ARGS` goes before it.',
    refuses: [notText, { value: '10.240.0.300', code: 7 }],
  },
  {
    key: 'args.cni.ips',
    readBy: 'azure-vnet-ipam',
    type: 'list of one IPv4 address',
    byDefault: 'none',
    meaning: 'Asks for this address; goes before `IP=` in `CNI_ARGS`. A prefix length is ignored.',
    refuses: [
      { value: ['x'], code: 7 },
      { value: ['10.0.0.5', '10.0.0.6'], code: 2 },
    ],
  },
  {
    key: 'runtimeConfig.ips',
    readBy: 'azure-vnet-ipam',
    type: 'list of one IPv4 address',
    byDefault: 'none',
    meaning: 'Asks for this address; goes before all others. Sent when the plugin declares `ips`.',
    refuses: [
      { value: ['fd00::1'], code: 7 },
      { value: ['10.0.0.5/16', '10.0.0.6/16'], code: 2 },
    ],
  },
  {
    key: 'ipam.queryInterval',
    readBy: 'azure-vnet-ipam',
    type: 'seconds, as a number or text',
    byDefault: '10',
    meaning: 'How long an answer of the source is good. What is not above 0 means the default.',
    refuses: [{ value: true, code: 7 }],
  },
  {
    key: 'ipam.queryUrl',
    readBy: 'azure-vnet-ipam',
    type: 'http URL with an IPv4 address',
    byDefault: 'the wireserver',
    meaning: 'Asks this address instead of the wireserver: for tests and for other clouds.',
    refuses: [
      notText,
      ...['https://10.0.0.1/', 'http://localhost/', 'http://10.0.0.1:0/', 'http://10.0.0.1/a b'].map(
        (value) => ({ value, code: 7 as const }),
      ),
    ],
  },
  {
    key: 'ipam.sourceFile',
    readBy: 'azure-vnet-ipam',
    type: 'absolute path',
    byDefault: '`/etc/kubernetes/interfaces.json`',
    meaning: 'The file that `mas` and `fileIpam` read.',
    refuses: [notText, { value: 'interfaces.json', code: 7 }, { value: '/etc/../x', code: 7 }],
  },
  {
    key: 'ipam.addressSpace',
    readBy: 'azure-vnet-ipam',
    type: 'string',
    byDefault: '`local`',
    meaning: 'Only `local`.',
    refuses: [notText, { value: 'global', code: 2 }],
  },
];

export const CONFIG_KEYS: readonly ConfigKey[] = [...COMMON, ...NETWORK, ...IPAM];
