import assert from 'node:assert/strict';
import test from 'node:test';
import { parseCniArgs } from '../../../src/cni/args.ts';
import { parseIpv4 } from '../../../src/net/ipv4.ts';

const accepted: readonly [string, object][] = [
  ['', {}],
  ['IgnoreUnknown=1', {}],
  ['K8S_POD_NAME=web', { podName: 'web' }],
  ['IgnoreUnknown=1;FOO=bar', {}],
  ['FOO=bar;IgnoreUnknown=TRUE', {}],
  ['FOO=;IgnoreUnknown=true', {}],
  [
    'K8S_POD_INFRA_CONTAINER_ID=c;K8S_POD_UID=u;K8S_POD_NAME=n;K8S_POD_NAMESPACE=s',
    { podName: 'n', podNamespace: 's', podInfraContainerId: 'c' },
  ],
  ['K8S_POD_NAME=a;K8S_POD_NAME=b', { podName: 'b' }],
  ['IP=10.240.0.9', { ip: parseIpv4('10.240.0.9') }],
  ['IP=10.240.0.9/16', { ip: parseIpv4('10.240.0.9') }],
  ['IP=', {}],
  ['IgnoreUnknown=0', {}],
];

for (const [text, args] of accepted) {
  test(`parseCniArgs() accepts ${JSON.stringify(text)}`, () => {
    assert.deepEqual(parseCniArgs(text), { ok: true, value: args });
  });
}

const refused: readonly [string, string][] = [
  ['some;extra;args', 'CNI_ARGS: invalid pair "some"'],
  ['A=b=c', 'CNI_ARGS: invalid pair "A=b=c"'],
  ['K8S_POD_NAME=a;', 'CNI_ARGS: invalid pair ""'],
  ['FOO=1;BAR=2', 'CNI_ARGS: unknown args ["FOO=1" "BAR=2"]; IgnoreUnknown=1 accepts them'],
  ['FOO=1;IgnoreUnknown=0', 'CNI_ARGS: unknown args ["FOO=1"]; IgnoreUnknown=1 accepts them'],
  ['IgnoreUnknown=yes', 'CNI_ARGS: error parsing value of pair "IgnoreUnknown=yes"'],
  ['IP=fd00::1', 'CNI_ARGS: error parsing value of pair "IP=fd00::1": expected an IPv4 address'],
  ['IP=10.0.0.300', 'CNI_ARGS: error parsing value of pair "IP=10.0.0.300": expected an IPv4 address'],
  ['ignoreunknown=1', 'CNI_ARGS: unknown args ["ignoreunknown=1"]; IgnoreUnknown=1 accepts them'],
];

for (const [text, message] of refused) {
  test(`parseCniArgs() refuses ${JSON.stringify(text)}`, () => {
    assert.deepEqual(parseCniArgs(text), { ok: false, error: { code: 'BAD_ENVIRONMENT', message } });
  });
}
