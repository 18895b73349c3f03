/** The program that makes a Windows VM a node: it comes as custom data, and the VM's extension runs it. */
import { formatIpv4 } from '../../net/ipv4.ts';
import type { InstallValues } from './install.ts';
import { CONFLIST, NODE_PATHS } from './paths.ts';
import type { NodeGroup } from './profile.ts';
import type { NodeTexts } from './texts.ts';

/**
 * PowerShell that installs the plugin, writes its configuration, kubelet's flags and the configuration of the
 * cloud provider. Windows translates addresses outside the subnet by itself: there are no ranges to apply.
 */
export function windowsSetup(group: NodeGroup, texts: NodeTexts, install: InstallValues): string {
  const { cniConf, cloudConfig } = NODE_PATHS.Windows;
  return `# Makes this VM a node of the cluster. May be run again.
param([string]$CloudConfig = '', [string]$Command = '')
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12
function Write-Text([string]$Path, [string]$Text) {
  New-Item -ItemType Directory -Force -Path (Split-Path $Path) | Out-Null
  [IO.File]::WriteAllText($Path, $Text)
}
function Read-Base64([string]$Text) {
  [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($Text))
}
$installer = Join-Path $env:TEMP 'install-cni-plugin.ps1'
Invoke-WebRequest -UseBasicParsing -TimeoutSec 300 -OutFile $installer \`
  -Uri ${quoted(`${install.RELEASES_URL}/${install.PLUGIN_VERSION}/install-cni-plugin.ps1`)}
$sum = (Get-FileHash -Algorithm SHA256 $installer).Hash
if ($sum -ne ${quoted(install.WINDOWS_INSTALLER_SHA256)}) { throw "install-cni-plugin.ps1 has the SHA-256 $sum" }
& $installer ${quoted(install.PLUGIN_VERSION)} -BaseUrl ${quoted(install.RELEASES_URL)}
if ($LASTEXITCODE) { throw "install-cni-plugin.ps1 ended with status $LASTEXITCODE" }
Write-Text ${quoted(`${cniConf}\\${CONFLIST}`)} ${hereString(texts.conflist)}
Write-Text 'c:\\k\\kubelet-flags' ${hereString(texts.kubelet)}
if ($CloudConfig) { Write-Text ${quoted(cloudConfig)} (Read-Base64 $CloudConfig) }
$env:ROLE = ${quoted(group.role)}
$env:POOL = ${quoted(group.pool)}
$env:API_SERVER = ${quoted(formatIpv4(group.apiServer))}
if ($Command) { Invoke-Expression (Read-Base64 $Command) }
`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Ends only at a line that begins with '@, which no text of ours has. */
function hereString(text: string): string {
  return `@'\n${text.trimEnd()}\n'@`;
}
