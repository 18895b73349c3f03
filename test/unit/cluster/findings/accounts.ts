/** Accounts. */
import { publicKey } from '../../../support/definition.ts';
import { type Case, key, password, weakKey } from './case.ts';

export const ACCOUNTS_CASES: readonly Case[] = [
  {
    code: 'client-id',
    severity: 'warning',
    changes: { 'properties.servicePrincipalProfile.clientId': 'me' },
  },
  {
    code: 'several-keys',
    severity: 'note',
    changes: {
      'properties.linuxProfile.ssh.publicKeys': [{ keyData: publicKey() }, { keyData: publicKey() }],
    },
  },
  { code: 'ssh-key', changes: key('-----BEGIN OPENSSH PRIVATE KEY-----'), message: /private key/ },
  { code: 'ssh-key', changes: key(publicKey().slice(0, 200)), message: /cut off/ },
  { code: 'ssh-key', changes: key('ssh-dss AAAA'), message: /ssh-dss/ },
  { code: 'ssh-key', changes: key(weakKey()), message: /1024 bits/ },
  { code: 'ssh-key', changes: key(publicKey().replace('ssh-rsa', 'ssh-ed25519')), message: /another type/ },
  { code: 'admin-username', changes: { 'properties.linuxProfile.adminUsername': 'root' } },
  { code: 'admin-username', changes: { 'properties.linuxProfile.adminUsername': '../etc' } },
  { code: 'admin-password', changes: password('Short1!'), message: /7 characters/ },
  { code: 'admin-password', changes: password('onlylowercase'), message: /1 of the four/ },
  { code: 'admin-password', changes: password('P@ssw0rd'), message: /everybody knows/ },
  {
    code: 'two-secrets',
    changes: {
      'properties.servicePrincipalProfile.keyvaultSecretRef': {
        vaultID: '/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v',
        secretName: 's',
      },
    },
    other: true,
  },
];
