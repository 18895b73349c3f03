/** The parameters of the template, and the file with their values. */
import type { ClusterDefinition, Secret } from '../definition.ts';
import {
  DEFAULT_CNI_PLUGINS_URL,
  DEFAULT_CNI_PLUGINS_VERSION,
  type InstallKey,
  type InstallValues,
} from '../nodes/install.ts';
import { type Context, groupName } from './context.ts';

export const INSTALL_PARAMETERS: Readonly<Record<InstallKey, string>> = {
  RELEASES_URL: 'pluginReleasesUrl',
  PLUGIN_VERSION: 'pluginVersion',
  INSTALLER_SHA256: 'installerSha256',
  WINDOWS_INSTALLER_SHA256: 'windowsInstallerSha256',
  CNI_PLUGINS_URL: 'cniPluginsUrl',
  CNI_PLUGINS_VERSION: 'cniPluginsVersion',
};

/** What is known of the plugin's releases when the template is generated. */
export interface PluginRelease {
  /** `v0.1.0` */
  readonly version: string;
  /** Below it are <version>/<archive>, <version>/SHA256SUMS and <version>/install-cni-plugin.sh. */
  readonly url?: string;
  /** Of install-cni-plugin.sh. */
  readonly installerSha256?: string;
  /** Of install-cni-plugin.ps1. */
  readonly windowsInstallerSha256?: string;
}

interface Parameter {
  readonly type: 'string' | 'secureString' | 'array' | 'object';
  readonly description: string;
  readonly defaultValue?: unknown;
  readonly minLength?: number;
  readonly maxLength?: number;
  /** What the file of parameters says; absent for what has a default. */
  readonly given?: { readonly value: unknown } | { readonly reference: object };
}

/** Values to fill in, as they stand in the file of parameters until somebody does. */
const FILL_IN = {
  releasesUrl: '<URL of the releases>',
  installerSha256: '<SHA-256 of install-cni-plugin.sh>',
  windowsInstallerSha256: '<SHA-256 of install-cni-plugin.ps1>',
};

export function parametersFor(context: Context, release: PluginRelease): Record<string, Parameter> {
  const { definition, groups } = context;
  const sizes = groups.map((group): [string, Parameter] => [
    groupName(group, 'vmSize'),
    text(`Size of the virtual machines: ${group.pool}.`, group.profile.vmSize),
  ]);
  const windows = groups.some(({ osType }) => osType === 'Windows');
  return {
    location: { type: 'string', description: 'Region.', defaultValue: '[resourceGroup().location]' },
    ...people(definition),
    ...Object.fromEntries(sizes),
    ...machines(windows),
    ...installation(release, windows),
    adminSourceAddressPrefix: {
      type: 'string',
      description: 'Who may reach SSH and RDP: an address range, or * for everybody.',
      defaultValue: '*',
    },
    nodeCommand: command('Shell command that each Linux node'),
    // It is part of a command line, which has 8,191 characters at most.
    ...(windows
      ? { windowsNodeCommand: { ...command('PowerShell command that each Windows node'), maxLength: 4096 } }
      : {}),
  };
}

function command(whose: string): Parameter {
  return {
    type: 'secureString',
    description:
      `${whose} runs when the plugin is ready, with ROLE, POOL and API_SERVER in its environment: where Kubernetes ` +
      'itself is installed, if the image does not have it.',
    defaultValue: '',
  };
}

/** azuredeploy.parameters.json: no secret, but a reference to where it is. */
export function parametersFile(parameters: Readonly<Record<string, Parameter>>): object {
  const given = Object.entries(parameters).flatMap(([name, parameter]) =>
    parameter.given === undefined ? [] : [[name, parameter.given] as const],
  );
  return {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#',
    contentVersion: '1.0.0.0',
    parameters: Object.fromEntries(given),
  };
}

/** As the template declares them. */
export function declarations(parameters: Readonly<Record<string, Parameter>>): object {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { given: _, description, ...declared }]) => [
      name,
      { ...declared, metadata: { description } },
    ]),
  );
}

/** Names of the parameters whose value in the file has to be filled in, or their reference. */
export function unfilled(parameters: Readonly<Record<string, Parameter>>): string[] {
  return Object.entries(parameters)
    .filter(([, { given }]) => given !== undefined && /"[^"]*<[^">]+>/.test(JSON.stringify(given)))
    .map(([name]) => name);
}

/** For the node files: what the parameters will be, as far as it is known. */
export function installValues(release: PluginRelease): InstallValues {
  return {
    RELEASES_URL: release.url ?? FILL_IN.releasesUrl,
    PLUGIN_VERSION: release.version,
    INSTALLER_SHA256: release.installerSha256 ?? FILL_IN.installerSha256,
    WINDOWS_INSTALLER_SHA256: release.windowsInstallerSha256 ?? FILL_IN.windowsInstallerSha256,
    CNI_PLUGINS_URL: DEFAULT_CNI_PLUGINS_URL,
    CNI_PLUGINS_VERSION: DEFAULT_CNI_PLUGINS_VERSION,
  };
}

function people({ linux, windows, servicePrincipal }: ClusterDefinition): Record<string, Parameter> {
  return {
    adminUsername: text('Administrator of the Linux nodes.', linux.adminUsername),
    sshPublicKeys: {
      type: 'array',
      description: 'SSH keys that open the Linux nodes.',
      given: { value: linux.sshPublicKeys },
    },
    ...(windows === undefined
      ? {}
      : {
          windowsAdminUsername: text('Administrator of the Windows nodes.', windows.adminUsername),
          windowsAdminPassword: secret('Password of the administrator.', 'windowsAdminPassword'),
        }),
    ...(servicePrincipal === undefined
      ? {}
      : {
          servicePrincipalClientId: text(
            'Application that Kubernetes calls Azure as.',
            servicePrincipal.clientId,
          ),
          servicePrincipalClientSecret: secret(
            'Its secret.',
            'servicePrincipalClientSecret',
            servicePrincipal.secret,
          ),
        }),
  };
}

function machines(windows: boolean): Record<string, Parameter> {
  const image = (os: string, defaultValue: object): Parameter => ({
    type: 'object',
    description: `Image of the ${os} nodes.`,
    defaultValue: { ...defaultValue, version: 'latest' },
  });
  const linuxImage = { publisher: 'Canonical', offer: '0001-com-ubuntu-server-jammy', sku: '22_04-lts' };
  const windowsImage = {
    publisher: 'MicrosoftWindowsServer',
    offer: 'WindowsServer',
    sku: '2022-datacenter-core-smalldisk',
  };
  return {
    diskType: { type: 'string', description: 'Kind of the disks.', defaultValue: 'StandardSSD_LRS' },
    linuxImage: image('Linux', linuxImage),
    ...(windows ? { windowsImage: image('Windows', windowsImage) } : {}),
  };
}

function installation(release: PluginRelease, windows: boolean): Record<string, Parameter> {
  const values = installValues(release);
  const sum = (file: string, value: string): Parameter => ({
    type: 'string',
    description: `SHA-256 of ${file} of this version.`,
    minLength: 64,
    maxLength: 64,
    given: { value },
  });
  const known = (description: string, value: string): Parameter => ({
    type: 'string',
    description,
    defaultValue: value,
  });
  return {
    pluginReleasesUrl: text('URL below which the releases of azure-vnet are.', values.RELEASES_URL),
    pluginVersion: text('Version of azure-vnet.', values.PLUGIN_VERSION),
    installerSha256: sum('install-cni-plugin.sh', values.INSTALLER_SHA256),
    ...(windows
      ? { windowsInstallerSha256: sum('install-cni-plugin.ps1', values.WINDOWS_INSTALLER_SHA256) }
      : {}),
    cniPluginsUrl: known('URL of the releases of containernetworking/plugins.', values.CNI_PLUGINS_URL),
    cniPluginsVersion: known('Version of containernetworking/plugins.', values.CNI_PLUGINS_VERSION),
  };
}

function text(description: string, value: string): Parameter {
  return { type: 'string', description, given: { value } };
}

/** A vault that is to be filled in is none that Resource Manager takes: no placeholder becomes a password. */
function secret(description: string, name: string, from?: Secret): Parameter {
  const vault =
    from?.kind === 'keyVault'
      ? from
      : {
          vaultId:
            '/subscriptions/<subscription ID>/resourceGroups/<Resource Group Name>/providers/Microsoft.KeyVault/vaults/<vault name>',
          secretName: name,
        };
  const { vaultId, secretName, secretVersion } = { secretVersion: undefined, ...vault };
  const reference = {
    keyVault: { id: vaultId },
    secretName,
    ...(secretVersion === undefined ? {} : { secretVersion }),
  };
  return { type: 'secureString', description, given: { reference } };
}
