<#
.SYNOPSIS
Installs the Azure Virtual Network CNI plugin on this machine.

.DESCRIPTION
Downloads the archive of azure-vnet, compares it with its SHA-256, unpacks it and lets the executable in it install
itself (azure-vnet.exe install): azure-vnet.exe and azure-vnet-ipam.exe to c:\cni\bin, 10-azure.conflist to
c:\cni\netconf. When a step fails nothing is changed. An edited network configuration stays; the new one is put beside it.
Exit status: 0 done, 1 failed and nothing was changed, 2 wrong usage.

.PARAMETER PluginVersion
Version of the plugin, such as v0.1.0. A released script knows its own.

.PARAMETER From
Takes the archive and SHA256SUMS from this directory: nothing is downloaded.

.PARAMETER BaseUrl
Downloads from a mirror: BaseUrl/<version>/<archive> and BaseUrl/<version>/SHA256SUMS.

.PARAMETER BinDir
Directory of the plugins; c:\cni\bin when absent.

.PARAMETER ConfDir
Directory of the network configurations; c:\cni\netconf when absent.

.PARAMETER Uninstall
Removes the network in HNS, the state and what was installed. Drain the node first.

.PARAMETER Force
With -Uninstall: also while containers are connected.

.PARAMETER DryRun
Says what would be done, after downloading and verifying, and changes nothing.

.EXAMPLE
scripts\install-cni-plugin.ps1 v0.1.0

.EXAMPLE
scripts\install-cni-plugin.ps1 v0.1.0 -From D:\mirror -BinDir C:\k\azurecni\bin -ConfDir C:\k\azurecni\netconf
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [string] $PluginVersion = '',
    [string] $From = '',
    [string] $BaseUrl = '',
    [string] $BinDir = 'c:\cni\bin',
    [string] $ConfDir = 'c:\cni\netconf',
    [switch] $Uninstall,
    [switch] $Force,
    [switch] $DryRun
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
# Its bar makes a download ten times as slow.
$ProgressPreference = 'SilentlyContinue'

# Set by make release RELEASES_URL=...; below it are <version>/<archive> and <version>/SHA256SUMS.
$ReleasesUrl = ''
# Set by make release: what is installed when no version is named.
$ReleasedVersion = ''

$Executable = 'azure-vnet.exe'
$ArchiveFiles = @('azure-vnet.exe', 'azure-vnet-ipam.exe', '10-azure.conflist')
$DownloadSeconds = 600
$DownloadAttempts = 3

function Write-Line {
    param([string] $Text)
    Write-Output "install-cni-plugin: $Text"
}

# Ends the script: 1 for a failure, 2 for wrong usage. The message goes to stderr, on one line.
function Stop-Script {
    param(
        [string] $Text,
        [int] $Status = 1
    )
    [Console]::Error.WriteLine("install-cni-plugin: $Text")
    exit $Status
}

function Test-Arguments {
    if (($PluginVersion -ne '') -and ($PluginVersion -notmatch '^v[0-9][0-9A-Za-z.+-]*$')) {
        Stop-Script "`"$PluginVersion`" is no version; expected one such as v0.1.0" 2
    }
    if (($From -ne '') -and ($BaseUrl -ne '')) {
        Stop-Script '-From and -BaseUrl exclude each other' 2
    }
    if ($Uninstall -and (($PluginVersion -ne '') -or ($From -ne '') -or ($BaseUrl -ne ''))) {
        Stop-Script '-Uninstall takes neither version nor source' 2
    }
    if ($Force -and -not $Uninstall) {
        Stop-Script '-Force goes with -Uninstall only' 2
    }
}

function Test-Machine {
    $architecture = $env:PROCESSOR_ARCHITECTURE
    # A PowerShell of 32 bits is told another one.
    if ($env:PROCESSOR_ARCHITEW6432) {
        $architecture = $env:PROCESSOR_ARCHITEW6432
    }
    if ($architecture -ne 'AMD64') {
        Stop-Script "the machine is $architecture; there is an archive for AMD64 only"
    }
    $identity = [Security.Principal.WindowsIdentity]::GetCurrent()
    $principal = New-Object Security.Principal.WindowsPrincipal($identity)
    $isAdministrator = $principal.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
    if ((-not $isAdministrator) -and (-not $DryRun)) {
        Stop-Script 'this changes directories of the system: run it as an administrator'
    }
}

function New-WorkDirectory {
    $path = Join-Path ([IO.Path]::GetTempPath()) ('azure-vnet-' + [IO.Path]::GetRandomFileName())
    New-Item -ItemType Directory -Path $path | Out-Null
    return $path
}

# A script that was not released finds what make release has made.
function Find-LocalRelease {
    foreach ($candidate in @($PSScriptRoot, (Join-Path $PSScriptRoot '..\dist\release'))) {
        if (Test-Path -LiteralPath (Join-Path $candidate 'SHA256SUMS')) {
            return $candidate
        }
    }
    Stop-Script 'this script does not know where releases are: name it with -BaseUrl URL or -From DIR'
}

# The version in a directory that has one archive; empty otherwise.
function Get-OnlyVersion {
    param([string] $Directory)
    $found = @(Get-ChildItem -LiteralPath $Directory -Filter 'azure-vnet-cni-windows-amd64-*.zip')
    if ($found.Count -ne 1) {
        return ''
    }
    return $found[0].BaseName.Substring('azure-vnet-cni-windows-amd64-'.Length)
}

function Get-Version {
    param([string] $Directory)
    $version = $PluginVersion
    if ($version -eq '') {
        $version = $ReleasedVersion
    }
    if (($version -eq '') -and ($Directory -ne '')) {
        $version = Get-OnlyVersion $Directory
    }
    if ($version -eq '') {
        Stop-Script 'name the version of the plugin to install, such as v0.1.0' 2
    }
    return $version
}

function Save-Url {
    param(
        [string] $Url,
        [string] $Path
    )
    for ($attempt = 1; $attempt -le $DownloadAttempts; $attempt++) {
        try {
            Invoke-WebRequest -Uri $Url -OutFile $Path -UseBasicParsing -TimeoutSec $DownloadSeconds
            return
        }
        catch {
            if ($attempt -eq $DownloadAttempts) {
                Stop-Script "cannot get ${Url}: $($_.Exception.Message)"
            }
            Start-Sleep -Seconds $attempt
        }
    }
}

# Puts a file of the release to the work directory.
function Save-ReleaseFile {
    param(
        [string] $Name,
        [string] $Directory,
        [string] $Url,
        [string] $Work
    )
    $target = Join-Path $Work $Name
    if ($Directory -eq '') {
        Save-Url "$Url/$Name" $target
        return
    }
    $source = Join-Path $Directory $Name
    if (-not (Test-Path -LiteralPath $source -PathType Leaf)) {
        Stop-Script "cannot get ${source}: no such file"
    }
    Copy-Item -LiteralPath $source -Destination $target
}

# Compares the SHA-256 of the archive with the line for it in SHA256SUMS.
function Test-Checksum {
    param(
        [string] $Name,
        [string] $Work
    )
    $wanted = ''
    foreach ($line in Get-Content -LiteralPath (Join-Path $Work 'SHA256SUMS')) {
        if ($line -match '^([0-9A-Fa-f]{64}) [ *](.+)$' -and ($Matches[2] -eq $Name)) {
            $wanted = $Matches[1]
        }
    }
    if ($wanted -eq '') {
        Stop-Script "SHA256SUMS has no SHA-256 for $Name; nothing was changed"
    }
    $actual = (Get-FileHash -LiteralPath (Join-Path $Work $Name) -Algorithm SHA256).Hash
    if ($actual -ne $wanted) {
        Stop-Script "$Name is damaged or not what was released: its SHA-256 is $actual, expected $wanted; nothing was changed"
    }
}

# Takes the files that are wanted out of the archive, by their whole names: no path in it can lead elsewhere.
function Expand-Release {
    param(
        [string] $Archive,
        [string] $Directory
    )
    Add-Type -AssemblyName System.IO.Compression.FileSystem
    New-Item -ItemType Directory -Path $Directory | Out-Null
    $zip = [IO.Compression.ZipFile]::OpenRead($Archive)
    try {
        foreach ($name in $ArchiveFiles) {
            $entry = $zip.GetEntry($name)
            if ($null -eq $entry) {
                Stop-Script "the archive has no $name; nothing was changed"
            }
            [IO.Compression.ZipFileExtensions]::ExtractToFile($entry, (Join-Path $Directory $name))
        }
    }
    finally {
        $zip.Dispose()
    }
}

# Runs a copy of the executable, and ends with its exit status when that is not 0.
function Invoke-AzureVnet {
    param(
        [string] $Path,
        [string[]] $Words
    )
    $all = $Words + @('--bin-dir', $BinDir, '--conf-dir', $ConfDir)
    if ($DryRun) {
        $all += '--dry-run'
    }
    & $Path @all
    if ($LASTEXITCODE -ne 0) {
        exit $LASTEXITCODE
    }
}

function Install-Plugin {
    param([string] $Work)
    $directory = $From
    $url = $BaseUrl
    if (($directory -eq '') -and ($url -eq '')) {
        $url = $ReleasesUrl
    }
    if (($directory -eq '') -and ($url -eq '')) {
        $directory = Find-LocalRelease
    }
    if (($directory -ne '') -and -not (Test-Path -LiteralPath $directory -PathType Container)) {
        Stop-Script "-From ${directory}: there is no such directory"
    }
    $version = Get-Version $directory
    $archive = "azure-vnet-cni-windows-amd64-$version.zip"
    Write-Line "azure-vnet $version for amd64"
    $place = $url.TrimEnd('/') + "/$version"
    Save-ReleaseFile $archive $directory $place $Work
    Save-ReleaseFile 'SHA256SUMS' $directory $place $Work
    Test-Checksum $archive $Work
    $unpacked = Join-Path $Work 'unpacked'
    Expand-Release (Join-Path $Work $archive) $unpacked
    Invoke-AzureVnet (Join-Path $unpacked $Executable) @('install')
}

# A program cannot remove itself while it runs: a copy of it does.
function Uninstall-Plugin {
    param([string] $Work)
    $installed = Join-Path $BinDir $Executable
    if (-not (Test-Path -LiteralPath $installed -PathType Leaf)) {
        Write-Line "there is no $installed; nothing to remove"
        return
    }
    $copy = Join-Path $Work $Executable
    Copy-Item -LiteralPath $installed -Destination $copy
    $words = @('uninstall')
    if ($Force) {
        $words += '--force'
    }
    Invoke-AzureVnet $copy $words
}

# A backslash before a quote would be taken for an escape.
$BinDir = $BinDir.TrimEnd('\', '/')
$ConfDir = $ConfDir.TrimEnd('\', '/')
Test-Arguments
Test-Machine
# Windows PowerShell 5.1 offers TLS 1.0 by itself on older systems.
[Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
$work = New-WorkDirectory
try {
    if ($Uninstall) {
        Uninstall-Plugin $work
    }
    else {
        Install-Plugin $work
    }
}
catch {
    Stop-Script "$($_.Exception.Message)"
}
finally {
    Remove-Item -LiteralPath $work -Recurse -Force -ErrorAction SilentlyContinue
}
