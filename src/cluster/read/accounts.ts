/** linuxProfile, windowsProfile, servicePrincipalProfile: who may log in, and as whom the cluster acts. */
import type { LinuxDraft, ServicePrincipalDraft, WindowsDraft } from './draft.ts';
import { convert, type Field } from './field.ts';
import { KEY_VAULT_KEYS, PUBLIC_KEY_KEYS, SSH_KEYS } from './keys.ts';
import type { ObjectReader } from './object.ts';
import { required } from './profiles.ts';
import type { Spot } from './report.ts';
import { quoted } from './source.ts';
import { sshKeyProblem } from './ssh-key.ts';

export function readLinux(reader: ObjectReader): LinuxDraft {
  const ssh = reader.object('ssh', SSH_KEYS);
  if (ssh === undefined && !reader.has('ssh'))
    reader.missing('ssh', 'the nodes admit nobody without a public key');
  return {
    adminUsername: required(
      reader,
      'adminUsername',
      reader.text('adminUsername'),
      'the name of the administrator of the nodes',
    ),
    sshPublicKeys: ssh === undefined ? [] : readPublicKeys(ssh),
  };
}

function readPublicKeys(ssh: ObjectReader): readonly Field<string>[] {
  const keys = required(
    ssh,
    'publicKeys',
    ssh.objects('publicKeys', PUBLIC_KEY_KEYS),
    'the nodes admit nobody without a public key',
  );
  if (keys.state !== 'given') return [];
  if (keys.value.length === 0) ssh.missing('publicKeys', 'there is none in the list');
  if (keys.value.length > 1) {
    ssh.report.note(
      'several-keys',
      keys.spot,
      `there are ${keys.value.length} keys; acs-engine wants exactly one`,
    );
  }
  return keys.value.map((reader) => {
    const field = required(
      reader,
      'keyData',
      reader.text('keyData'),
      'the public key in one line, as in ~/.ssh/id_rsa.pub',
    );
    return convert(field, (text, spot) => {
      const line = text.trim();
      const problem = sshKeyProblem(line);
      if (problem === undefined) return line;
      reader.report.error('ssh-key', spot, problem);
      return undefined;
    });
  });
}

export function readWindows(reader: ObjectReader): WindowsDraft {
  return {
    spot: reader.spot,
    adminUsername: reader.text('adminUsername'),
    adminPassword: reader.text('adminPassword'),
  };
}

/** A GUID, https://www.rfc-editor.org/rfc/rfc9562 §4. */
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const VAULT_ID =
  /^\/subscriptions\/[^\s/]+\/resourceGroups\/[^\s/]+\/providers\/Microsoft\.KeyVault\/vaults\/[^\s/]+$/i;

export function readServicePrincipal(reader: ObjectReader): ServicePrincipalDraft {
  const vault = reader.object('keyvaultSecretRef', KEY_VAULT_KEYS);
  return {
    spot: reader.spot,
    clientId: convert(reader.text('clientId'), (id, spot) => {
      if (!GUID.test(id)) warnOfClientId(reader, id, spot);
      return id;
    }),
    secret: reader.text('secret'),
    keyVault: vault && {
      spot: vault.spot,
      vaultId: convert(
        required(vault, 'vaultID', vault.text('vaultID'), 'the id of the key vault'),
        (id, spot) => {
          if (VAULT_ID.test(id)) return id;
          const message = `vaultID is ${quoted(id)}; expected /subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.KeyVault/vaults/VAULT`;
          vault.report.error('bad-vault-id', spot, message);
          return undefined;
        },
      ),
      name: required(
        vault,
        'secretName',
        vault.text('secretName'),
        'the name of the secret in the key vault',
      ),
      version: vault.text('version'),
    },
  };
}

function warnOfClientId(reader: ObjectReader, id: string, spot: Spot): void {
  reader.report.warning(
    'client-id',
    spot,
    `clientId is ${quoted(id)}, which is no GUID; expected the application id of the service principal`,
  );
}
