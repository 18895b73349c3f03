/** What virtual machines and scale sets have in common: system, disks, first boot. */

import type { ClusterDefinition, OsType } from '../definition.ts';
import { INSTALL_KEYS, TOKENS } from '../nodes/install.ts';
import type { NodeGroup } from '../nodes/profile.ts';
import { SETTINGS } from '../nodes/setup.ts';
import { groupName } from './context.ts';
import { call, type Expression, evaluated, parameter, variable } from './expressions.ts';
import { INSTALL_PARAMETERS } from './parameters.ts';
import type { Properties, Resource } from './resource.ts';

export const EXTENSION = 'azure-vnet';

export function osProfile(group: NodeGroup): Properties {
  const customData = evaluated(
    call('base64', withParameters(variable(groupName(group, 'customData')), group.osType)),
  );
  if (group.osType === 'Windows') {
    return {
      adminUsername: evaluated(parameter('windowsAdminUsername')),
      adminPassword: evaluated(parameter('windowsAdminPassword')),
      customData,
      windowsConfiguration: { provisionVMAgent: true, enableAutomaticUpdates: false },
    };
  }
  const key = "parameters('sshPublicKeys')[copyIndex('publicKeys')]";
  const path = "[concat('/home/', parameters('adminUsername'), '/.ssh/authorized_keys')]";
  return {
    adminUsername: evaluated(parameter('adminUsername')),
    customData,
    linuxConfiguration: {
      disablePasswordAuthentication: true,
      ssh: {
        copy: [
          {
            name: 'publicKeys',
            count: "[length(parameters('sshPublicKeys'))]",
            input: { path, keyData: `[${key}]` },
          },
        ],
      },
    },
  };
}

export function storageProfile({ osType, profile, dataDiskSizesGb }: NodeGroup): Properties {
  const managedDisk = { storageAccountType: evaluated(parameter('diskType')) };
  const { osDiskSizeGb } = profile;
  const dataDisks = dataDiskSizesGb.map((diskSizeGB, lun) => ({
    lun,
    createOption: 'Empty',
    diskSizeGB,
    managedDisk,
  }));
  return {
    imageReference: evaluated(parameter(osType === 'Windows' ? 'windowsImage' : 'linuxImage')),
    osDisk: {
      createOption: 'FromImage',
      caching: 'ReadWrite',
      ...(osDiskSizeGb === undefined ? {} : { diskSizeGB: osDiskSizeGb }),
      managedDisk,
    },
    ...(dataDisks.length === 0 ? {} : { dataDisks }),
  };
}

/** Secrets go here only: protected settings are encrypted, and Resource Manager shows them to nobody. */
export function extensionProperties(group: NodeGroup): Properties {
  const settings = call('base64', call('string', variable(groupName(group, 'cloudConfig'))));
  const isWindows = group.osType === 'Windows';
  const command = call('base64', parameter(isWindows ? 'windowsNodeCommand' : 'nodeCommand'));
  if (isWindows) {
    const start =
      'powershell.exe -ExecutionPolicy Unrestricted -Command "' +
      'Copy-Item $env:SystemDrive\\AzureData\\CustomData.bin $env:SystemDrive\\AzureData\\setup.ps1; ' +
      '& $env:SystemDrive\\AzureData\\setup.ps1 ';
    return extension({
      publisher: 'Microsoft.Compute',
      type: 'CustomScriptExtension',
      typeHandlerVersion: '1.10',
      secrets: {
        commandToExecute: call('concat', `${start}-CloudConfig '`, settings, "' -Command '", command, '\'"'),
      },
    });
  }
  // Written to a file and run, unlike a command, which would be in the list of processes.
  const start = `cloud-init status --wait >/dev/null\nsh ${SETTINGS}/ready.sh <<EOF\n`;
  const script = call('concat', start, settings, '\n', command, '\nEOF\n');
  return extension({
    publisher: 'Microsoft.Azure.Extensions',
    type: 'CustomScript',
    typeHandlerVersion: '2.0',
    secrets: { script: call('base64', script) },
  });
}

interface Extension {
  readonly publisher: string;
  readonly type: string;
  readonly typeHandlerVersion: string;
  readonly secrets: Readonly<Record<string, Expression>>;
}

function extension({ secrets, ...rest }: Extension): Properties {
  const protectedSettings = Object.entries(secrets).map(([name, value]) => [name, evaluated(value)]);
  return {
    ...rest,
    autoUpgradeMinorVersion: true,
    settings: {},
    protectedSettings: Object.fromEntries(protectedSettings),
  };
}

/** The custom data with the parameters in place of their tokens. */
function withParameters(text: Expression, osType: OsType): Expression {
  return INSTALL_KEYS[osType].reduce(
    (before, key) => call('replace', before, TOKENS[key], parameter(INSTALL_PARAMETERS[key])),
    text,
  );
}

export function vmSize(group: NodeGroup): string {
  return evaluated(parameter(groupName(group, 'vmSize')));
}

export function tags({ pool }: NodeGroup): Readonly<Record<string, string>> {
  return { orchestrator: 'Kubernetes', poolName: pool };
}

/** The identity by which Kubernetes calls Azure where no service principal is given. */
export function identity({ servicePrincipal }: ClusterDefinition): Pick<Resource, 'identity'> {
  return servicePrincipal === undefined ? { identity: { type: 'SystemAssigned' } } : {};
}
