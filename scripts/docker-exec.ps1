<#
.SYNOPSIS
Gives a Docker container an address of the virtual network (ADD), or takes it back (DEL).

.DESCRIPTION
Calls azure-vnet.exe docker-exec, which does the work; azure-vnet.exe docker-exec --help tells more. ADD prints the
result of the plugins. DEL leaves the container, unless -Remove is given.

.EXAMPLE
scripts\docker-exec.ps1 web default mcr.microsoft.com/windows/nanoserver:ltsc2022 ADD

.EXAMPLE
scripts\docker-exec.ps1 web default mcr.microsoft.com/windows/nanoserver:ltsc2022 DEL -Remove
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory = $true, Position = 0)]
    [string] $Name,
    [Parameter(Mandatory = $true, Position = 1)]
    [string] $Namespace,
    [Parameter(Mandatory = $true, Position = 2)]
    [string] $Image,
    [Parameter(Mandatory = $true, Position = 3)]
    [ValidateSet('ADD', 'DEL')]
    [string] $Action,
    [string] $Command = '',
    [switch] $Remove,
    [string] $BinDir = 'c:\cni\bin',
    [string] $ConfDir = 'c:\cni\netconf'
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

# A backslash before a quote would be taken for an escape.
$BinDir = $BinDir.TrimEnd('\', '/')
$ConfDir = $ConfDir.TrimEnd('\', '/')
$executable = Join-Path $BinDir 'azure-vnet.exe'
if (-not (Test-Path -LiteralPath $executable -PathType Leaf)) {
    [Console]::Error.WriteLine("docker-exec: there is no $executable; run install-cni-plugin.ps1 first")
    exit 1
}
$words = @($Action.ToUpperInvariant(), '--name', $Name, '--namespace', $Namespace, '--image', $Image)
$words += @('--bin-dir', $BinDir, '--conf-dir', $ConfDir)
if ($Command -ne '') {
    $words += @('--command', $Command)
}
if ($Remove) {
    $words += '--remove'
}
& $executable docker-exec @words
exit $LASTEXITCODE
