/** A finding, the change of a sound definition that makes it, and what the changes are made of. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import type { FindingCode, Severity } from '../../../../src/cluster/finding.ts';
import type { ReadOptions } from '../../../../src/cluster/read-definition.ts';
import { parseCidr } from '../../../../src/net/cidr.ts';
import { type edited, MASTER_SUBNET, POOL } from '../../../support/definition.ts';

type Changes = Parameters<typeof edited>[0];

export interface Case {
  readonly code: FindingCode;
  readonly severity?: Severity;
  readonly changes?: Changes;
  /** Instead of changes. */
  readonly text?: string;
  readonly options?: ReadOptions;
  /** The end of the path that the finding points at; of many values it is the value. */
  readonly path?: string;
  readonly message?: RegExp;
  /** True when the finding names a second place. */
  readonly other?: boolean;
}

export const OTHER_SUBNET = MASTER_SUBNET.replace('/nodes', '/others');
export const scaleSet = { availabilityProfile: 'VirtualMachineScaleSets' };
export const windows = {
  [`${POOL}.osType`]: 'Windows',
  'properties.windowsProfile': { adminUsername: 'azureuser', adminPassword: 'correct-Horse-7' },
};
export const password = (adminPassword: string) => ({
  ...windows,
  'properties.windowsProfile': { adminUsername: 'azureuser', adminPassword },
});
export const several = { subnets: new Map([['others', cidr('10.1.16.0/20')]]) };

export function cidr(text: string) {
  const range = parseCidr(text);
  assert.ok(range);
  return range;
}

export function key(keyData: string): Changes {
  return { 'properties.linuxProfile.ssh.publicKeys': [{ keyData }] };
}

/** An RSA key of 1024 bits as ssh-keygen would write it. */
export function weakKey(): string {
  const { n = '', e = '' } = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({
    format: 'jwk',
  });
  const field = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const number = (text: string) => field(Buffer.concat([Buffer.of(0), Buffer.from(text, 'base64url')]));
  const blob = Buffer.concat([field(Buffer.from('ssh-rsa')), number(e), number(n)]);
  return `ssh-rsa ${blob.toString('base64')}`;
}
