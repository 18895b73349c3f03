import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { nicCommand } from '../../../../src/cli/nic/command.ts';
import { runTool } from '../../../../src/cli/tool.ts';
import { FakeWorld } from '../../../support/fake-sys.ts';
import { readPowerShell } from '../../../support/powershell.ts';

const FIXTURE = new URL('../../../fixtures/arm/nic-31.json', import.meta.url);
const NIC = ['--nic', 'k8s-nic-0', '--resource-group', 'rg-(k8s).1'];

function nic(...words: string[]) {
  const world = new FakeWorld();
  world.write('/proc/self/status', 'Uid:\t1000\t1000\t1000\t1000\n');
  const sys = world.process({ args: ['azure-vnet', 'nic', 'plan', ...words] });
  const status = runTool(sys, 'v1', [nicCommand]);
  return { status, stdout: sys.stdout, stderr: sys.stderr };
}

function script(...words: string[]): string {
  const { status, stdout, stderr } = nic(...NIC, ...words);
  assert.deepEqual([status, stderr], [0, '']);
  return stdout;
}

/** Azure CLI that keeps the NIC in a file, one `name address` per line, and can fail. */
const AZ = `#!/bin/sh
set -eu
[ "$1 $2 $3" = 'network nic ip-config' ]
case $4 in
  list) [ "$5 $6 $7 $8" = '-g rg-(k8s).1 --nic-name k8s-nic-0' ]
    case $* in *tsv) cut -d ' ' -f 1 "$AZ_NIC" ;; *table) cat "$AZ_NIC" ;; *) exit 9 ;; esac ;;
  create) [ "$(wc -l <"$AZ_NIC")" != "\${AZ_FULL:-}" ] || { echo 'AddressInUse' >&2; exit 3; }
    shift 4
    name= address=Dynamic
    while [ $# -gt 0 ]; do
      case $1 in
        -n) name=$2 ;;
        --private-ip-address) address=$2 ;;
        -g | --nic-name | --private-ip-address-version | -o) ;;
        *) exit 9 ;;
      esac
      shift 2
    done
    echo "$name $address" >>"$AZ_NIC" ;;
  *) exit 9 ;;
esac
`;

/** Runs a script that was planned against that Azure CLI; returns the ipconfigs that the NIC then has. */
function runScript(text: string, shell: string, before: readonly string[], full = '') {
  const directory = mkdtempSync(join(tmpdir(), 'azure-vnet-nic-'));
  try {
    const state = join(directory, 'nic');
    writeFileSync(state, before.map((line) => `${line}\n`).join(''));
    writeFileSync(join(directory, 'az'), AZ);
    chmodSync(join(directory, 'az'), 0o755);
    const env = { PATH: `${directory}:${process.env.PATH}`, AZ_NIC: state, AZ_FULL: full };
    const { status, stdout, stderr } = spawnSync(shell, {
      input: text,
      env,
      encoding: 'utf8',
      timeout: 60_000,
    });
    return { status, stdout, stderr, nic: readFileSync(state, 'utf8').trimEnd().split('\n') };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

for (const shell of ['dash', 'bash']) {
  test(`nic plan for Azure CLI adds what is missing and can run again, with ${shell}`, () => {
    const text = script('--count', '5');
    const first = runScript(text, shell, ['ipconfig1 Dynamic', 'ipconfig3 Dynamic']);
    assert.deepEqual([first.status, first.stderr], [0, '']);
    assert.deepEqual(
      [...first.nic].sort(),
      [1, 2, 3, 4, 5, 6].map((number) => `ipconfig${number} Dynamic`),
    );
    assert.match(first.stdout, /^ipconfig3 is there already$/m);
    const again = runScript(text, shell, first.nic);
    assert.deepEqual([again.status, again.nic], [0, first.nic]);
  });

  test(`nic plan for Azure CLI gives static addresses and ends at the first refusal, with ${shell}`, () => {
    const text = script('--count', '3', '--start', '10.0.0.255');
    const done = runScript(text, shell, ['ipconfig1 Dynamic']);
    assert.deepEqual(done.nic.slice(1), ['ipconfig2 10.0.0.255', 'ipconfig3 10.0.1.0', 'ipconfig4 10.0.1.1']);
    const refused = runScript(text, shell, ['ipconfig1 Dynamic'], '3');
    assert.deepEqual([refused.status, refused.nic.length], [3, 3]);
    assert.match(refused.stderr, /AddressInUse/);
  });
}

test('nic plan for Azure CLI is clean for shellcheck', () => {
  for (const words of [[], ['--start', '10.0.0.4']]) {
    const { status, stdout } = spawnSync('shellcheck', ['-'], { input: script(...words), encoding: 'utf8' });
    assert.deepEqual([status, stdout], [0, '']);
  }
});

test('nic plan as an ARM template has the ipconfigs of a NIC for 30 pods', () => {
  const { status, stdout, stderr } = nic(...NIC, '--format', 'arm');
  assert.equal(status, 0);
  assert.match(stderr, /REPLACES the NIC/);
  const template = JSON.parse(stdout);
  const expected = JSON.parse(readFileSync(FIXTURE, 'utf8'));
  assert.deepEqual([template.$schema, template.contentVersion], [expected.$schema, expected.contentVersion]);
  const [[made], [known]] = [template.resources, expected.resources];
  assert.deepEqual([made.type, made.apiVersion, made.name], [known.type, known.apiVersion, 'k8s-nic-0']);
  assert.deepEqual(Object.keys(made.properties).sort(), Object.keys(known.properties).sort());
  const subnet = known.properties.ipConfigurations[0].properties.subnet.id;
  const ours = JSON.stringify(made.properties.ipConfigurations).replaceAll(
    "[parameters('subnetId')]",
    subnet,
  );
  assert.deepEqual(JSON.parse(ours), known.properties.ipConfigurations);
});

test('nic plan as an ARM template uses only parameters that it declares, and static addresses', () => {
  const { stdout } = nic(...NIC, '--format', 'arm', '--count', '2', '--start', '10.0.0.4');
  const template = JSON.parse(stdout);
  const used = [...stdout.matchAll(/parameters\('(\w+)'\)/g)].map(([, name]) => name);
  assert.deepEqual([...new Set(used)].sort(), Object.keys(template.parameters).sort());
  const properties = template.resources[0].properties.ipConfigurations.map(
    (one: { properties: Record<string, unknown> }) => one.properties,
  );
  assert.deepEqual(
    properties.map(({ primary, privateIPAddress, privateIPAllocationMethod }: Record<string, unknown>) => [
      primary,
      privateIPAddress,
      privateIPAllocationMethod,
    ]),
    [
      [true, undefined, 'Dynamic'],
      [false, '10.0.0.4', 'Static'],
      [false, '10.0.0.5', 'Static'],
    ],
  );
});

test('nic plan for PowerShell is well-formed and calls what it should', async () => {
  for (const words of [[], ['--count', '2', '--start', '10.0.0.4']]) {
    const { errors, commands } = await readPowerShell(script('--format', 'powershell', ...words));
    assert.deepEqual(errors, []);
    const called = commands.map(({ name }) => name).filter((name) => name.includes('-Az'));
    assert.deepEqual(called, [
      'Get-AzNetworkInterface',
      'Add-AzNetworkInterfaceIpConfig',
      'Set-AzNetworkInterface',
      'Get-AzNetworkInterface',
    ]);
  }
});

test('nic plan for PowerShell writes the NIC once, after all ipconfigs', () => {
  const text = script('--format', 'powershell', '--count', '2', '--start', '10.0.0.4');
  assert.match(text, /-ResourceGroupName 'rg-\(k8s\)\.1' -Name 'k8s-nic-0'/);
  assert.match(text, /'ipconfig2' = '10\.0\.0\.4'\n {2}'ipconfig3' = '10\.0\.0\.5'\n}/);
  assert.equal(text.match(/^Set-AzNetworkInterface /gm)?.length, 1);
  assert.ok(text.indexOf('Add-AzNetworkInterfaceIpConfig') < text.indexOf('\nSet-AzNetworkInterface'));
  assert.match(script('--format', 'powershell'), /^2\.\.31 \| ForEach-Object/m);
});

test('nic plan as steps in the portal names every address', () => {
  const text = script('--format', 'portal', '--count', '2', '--start', '10.0.0.4');
  assert.match(text, /^ {3}ipconfig2 {2}10\.0\.0\.4\n {3}ipconfig3 {2}10\.0\.0\.5$/m);
  assert.match(script('--format', 'portal'), /ipconfig2 to ipconfig31/);
});

test('nic plan warns of other writers and of addresses on the host, in every format', () => {
  for (const format of ['cli', 'powershell', 'arm', 'portal']) {
    const { stdout, stderr } = nic(...NIC, '--format', format);
    assert.match(stdout + stderr, format === 'arm' ? /REPLACES the NIC/ : /is lost or undoes this/);
    assert.match(stdout + stderr, /Do not configure the addresses in the operating system/);
  }
});

for (const [words, said] of [
  [['--nic', 'n'], /nic needs --resource-group RG/],
  [['--nic', "n'; rm", '--resource-group', 'rg'], /--nic: expected up to 80 of/],
  [['--nic', 'n', '--resource-group', 'rg.'], /--resource-group: expected up to 90 of/],
  [[...NIC, '--count', '0'], /--count: expected a number of pods, at least 1, got "0"/],
  [[...NIC, '--count', '1e2'], /--count: expected a number/],
  [[...NIC, '--count', '256'], /255 at most/],
  [[...NIC, '--start', '10.0.0'], /--start: expected an IPv4 address/],
  [[...NIC, '--subnet', '10.0.0.1/24'], /--subnet: expected an IPv4 network/],
  [[...NIC, '--format', 'terraform'], /--format: expected cli, powershell, arm, portal/],
] as const) {
  test(`nic plan ${words.join(' ')} is refused`, () => {
    const { status, stdout, stderr } = nic(...words);
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, said);
  });
}
