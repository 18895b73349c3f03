import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { powershellInstallerFor } from '../../../scripts/release/installer.ts';
import { parseArguments } from '../../../src/cli/arguments.ts';
import { WINDOWS_COMMANDS } from '../../../src/cli/windows/commands.ts';
import { readPowerShell, type Script } from '../../support/powershell.ts';

const SCRIPTS = new URL('../../../scripts/', import.meta.url);
const names = readdirSync(SCRIPTS).filter((name) => name.endsWith('.ps1'));

/** Cmdlets that the scripts use, with the parameters that they use, as Windows PowerShell 5.1 has them. */
const CMDLETS: Readonly<Record<string, readonly string[]>> = {
  'Add-Type': ['AssemblyName'],
  'Copy-Item': ['LiteralPath', 'Destination'],
  'Get-ChildItem': ['LiteralPath', 'Filter'],
  'Get-Content': ['LiteralPath'],
  'Get-FileHash': ['LiteralPath', 'Algorithm'],
  'Invoke-WebRequest': ['Uri', 'OutFile', 'UseBasicParsing', 'TimeoutSec'],
  'Join-Path': [],
  'New-Item': ['ItemType', 'Path'],
  'New-Object': [],
  'Out-Null': [],
  'Remove-Item': ['LiteralPath', 'Recurse', 'Force', 'ErrorAction'],
  'Set-StrictMode': ['Version'],
  'Start-Sleep': ['Seconds'],
  'Test-Path': ['LiteralPath', 'PathType'],
  'Write-Output': [],
};
/** What PowerShell itself sets. */
const AUTOMATIC = ['_', 'true', 'false', 'null', 'lastexitcode', 'matches', 'psscriptroot'];

function textOf(name: string): string {
  return readFileSync(new URL(name, SCRIPTS), 'utf8');
}

/** Everything that a run would stumble over: syntax, names that do not exist, parameters that a function has not. */
function problemsOf({ errors, functions, commands, assigned, read }: Script): string[] {
  const own = new Map(functions.map((one) => [one.name.toLowerCase(), one.parameters]));
  const calls = commands.flatMap(({ name, line, parameters, positional }) => {
    const known = own.get(name.toLowerCase()) ?? CMDLETS[name];
    if (known === undefined) return [`line ${line}: nothing is called ${name}`];
    const strange = parameters.filter(
      (given) => !known.some((one) => one.toLowerCase() === given.toLowerCase()),
    );
    const many = own.has(name.toLowerCase()) && positional + parameters.length > known.length;
    return [
      ...strange.map((given) => `line ${line}: ${name} has no parameter ${given}`),
      ...(many ? [`line ${line}: ${name} takes ${known.length} arguments`] : []),
    ];
  });
  const unset = [...read]
    .filter(([name]) => !assigned.has(name) && !AUTOMATIC.includes(name) && !name.startsWith('env:'))
    .map(([name, line]) => `line ${line}: nothing sets $${name}`);
  return [...errors, ...calls, ...unset];
}

test('there are the scripts of the page and of Docker', () => {
  assert.deepEqual(names.sort(), ['docker-exec.ps1', 'install-cni-plugin.ps1']);
});

for (const name of names) {
  test(`${name} is well-formed, and calls only what there is`, async () => {
    assert.deepEqual(problemsOf(await readPowerShell(textOf(name))), []);
  });

  test(`${name} is plain ASCII: Windows PowerShell reads a file without a mark in the code page of the machine`, () => {
    assert.doesNotMatch(textOf(name), /[^\n\x20-\x7e]/);
  });

  test(`${name}: what is damaged is found`, async () => {
    const text = textOf(name);
    const damages: readonly [string, string][] = [
      ['a brace less', text.replace(/\n\}\n/, '\n\n')],
      ['a quote less', text.replace(/'([^'\n]+)'\n/, "'$1\n")],
      [
        'a function that is not there',
        text.replace(/\nexit \$LASTEXITCODE|\nTest-Machine\n/, '\nTest-Nothing\n'),
      ],
      ['a variable that nobody sets', text.replace(/\$BinDir\.TrimEnd/, '$BimDir.TrimEnd')],
      ['a parameter that a cmdlet has not', text.replace('-LiteralPath', '-LateralPath')],
    ];
    for (const [what, damaged] of damages) {
      assert.notEqual(damaged, text, what);
      assert.notDeepEqual(problemsOf(await readPowerShell(damaged)), [], what);
    }
  });
}

test('install-cni-plugin.ps1 has the parameters and the default folders of the page', async () => {
  const text = textOf('install-cni-plugin.ps1');
  const { parameters } = await readPowerShell(text);
  assert.deepEqual(parameters, [
    'PluginVersion',
    'From',
    'BaseUrl',
    'BinDir',
    'ConfDir',
    'Uninstall',
    'Force',
    'DryRun',
  ]);
  assert.ok(
    text.includes("[string] $BinDir = 'c:\\cni\\bin'") &&
      text.includes("[string] $ConfDir = 'c:\\cni\\netconf'"),
  );
  assert.match(text, /\[Parameter\(Position = 0\)\]\n {4}\[string\] \$PluginVersion/);
});

test('install-cni-plugin.ps1 verifies before it unpacks, and unpacks before it installs', () => {
  const text = textOf('install-cni-plugin.ps1');
  const body = text.slice(text.indexOf('function Install-Plugin'), text.indexOf('function Uninstall-Plugin'));
  const places = ['Save-ReleaseFile', 'Test-Checksum', 'Expand-Release', 'Invoke-AzureVnet'].map((name) =>
    body.indexOf(`\n    ${name} `),
  );
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
  );
  assert.ok(places.every((place) => place > 0));
});

const calls: readonly [string, readonly string[]][] = [
  ['install', ['--bin-dir', 'c:\\cni\\bin', '--conf-dir', 'c:\\cni\\netconf', '--dry-run']],
  ['uninstall', ['--force', '--bin-dir', 'c:\\cni\\bin', '--conf-dir', 'c:\\cni\\netconf', '--dry-run']],
  [
    'docker-exec',
    [
      'ADD',
      '--name',
      'a',
      '--namespace',
      'b',
      '--image',
      'c',
      '--bin-dir',
      'c:\\x',
      '--conf-dir',
      'c:\\y',
      '--command',
      'x y',
    ],
  ],
  [
    'docker-exec',
    [
      'DEL',
      '--name',
      'a',
      '--namespace',
      'b',
      '--image',
      'c',
      '--bin-dir',
      'c:\\x',
      '--conf-dir',
      'c:\\y',
      '--remove',
    ],
  ],
];
for (const [name, words] of calls) {
  test(`the executable takes what the scripts give to ${name} ${words[0]}`, () => {
    const command = WINDOWS_COMMANDS.find((one) => one.name === name) ?? assert.fail();
    const given = parseArguments(command, words);
    assert.ok(given.ok, JSON.stringify(given));
  });
}

test('every flag in the scripts is one that the calls above try', () => {
  const tried = calls.flatMap(([, words]) => words);
  const inScripts = names.flatMap((name) =>
    [...textOf(name).matchAll(/'(--[a-z-]+)'/g)].map(([, flag]) => flag ?? ''),
  );
  assert.ok(inScripts.length >= 8);
  assert.deepEqual(
    inScripts.filter((flag) => !tried.includes(flag)),
    [],
  );
});

test('powershellInstallerFor() gives the installer its version and place, and accepts a URL only', async () => {
  const script = textOf('install-cni-plugin.ps1');
  const released = powershellInstallerFor(script, 'v1.2.3', 'https://example.com/releases/');
  const lines = released.split('\n');
  assert.ok(
    lines.includes("$ReleasesUrl = 'https://example.com/releases'") &&
      lines.includes("$ReleasedVersion = 'v1.2.3'"),
  );
  assert.deepEqual(problemsOf(await readPowerShell(released)), []);
  assert.throws(() => powershellInstallerFor(script, 'v1', "https://x/'; echo"), /RELEASES_URL is/);
});
