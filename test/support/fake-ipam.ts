/**
 * A stand-in IPAM plugin for tests of delegation: an executable once it is bundled (see bundle.ts). It
 * hands out 10.91.0.10 and on, for ever the lowest free one, and notes each call.
 *
 * FAKE_IPAM_DIR has calls/<time>-<pid>.json with the command, the CNI_ variables and stdin of each call, and
 * alloc/<address> with "<container id>@<ifname>". When there is a file <COMMAND>.out, it is printed instead,
 * and the exit status is that in <COMMAND>.rc, else 1; <COMMAND>.err goes to stderr.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Config {
  readonly cniVersion?: string;
  readonly 'cni.dev/valid-attachments'?: readonly { readonly containerID: string; readonly ifname: string }[];
}

const directory = process.env.FAKE_IPAM_DIR ?? fail('FAKE_IPAM_DIR is not set');
const command = process.env.CNI_COMMAND ?? '';
const holder = `${process.env.CNI_CONTAINERID}@${process.env.CNI_IFNAME}`;
const alloc = join(directory, 'alloc');

if (command === 'VERSION') {
  print({
    cniVersion: '1.1.0',
    supportedVersions: ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'],
  });
} else {
  const stdin = readFileSync(0, 'utf8');
  note(stdin);
  if (!answerAsTold()) answer(JSON.parse(stdin) as Config);
}

function note(stdin: string): void {
  const calls = join(directory, 'calls');
  mkdirSync(calls, { recursive: true });
  mkdirSync(alloc, { recursive: true });
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('CNI_')));
  const file = join(calls, `${process.hrtime.bigint()}-${process.pid}.json`);
  writeFileSync(file, JSON.stringify({ command, env, stdin }));
}

/** The prepared answer, when there is one. */
function answerAsTold(): boolean {
  const file = (ending: string) => join(directory, `${command}.${ending}`);
  if (existsSync(file('err'))) process.stderr.write(readFileSync(file('err')));
  if (!existsSync(file('out'))) return false;
  process.stdout.write(readFileSync(file('out')));
  process.exitCode = existsSync(file('rc')) ? Number(readFileSync(file('rc'), 'utf8')) : 1;
  return true;
}

function answer(config: Config): void {
  switch (command) {
    case 'ADD':
      add(config.cniVersion ?? '0.1.0');
      break;
    case 'DEL':
      release((owner) => owner === holder);
      break;
    case 'CHECK':
      if (!owners().includes(holder)) refuse(100, `no address for ${holder}`);
      break;
    case 'GC': {
      const list = config['cni.dev/valid-attachments'] ?? [];
      const valid = list.map((item) => `${item.containerID}@${item.ifname}`);
      release((owner) => !valid.includes(owner));
      break;
    }
    case 'STATUS':
      break;
    default:
      refuse(4, `unknown CNI_COMMAND: ${command}`);
  }
}

function add(cniVersion: string): void {
  const address = reserve();
  if (address === undefined) {
    refuse(11, 'no free address');
    return;
  }
  const net = `${address}/24`;
  const gateway = '10.91.0.1';
  const routes = [{ dst: '0.0.0.0/0', gw: gateway }];
  const dns = { nameservers: ['168.63.129.16'] };
  const version = cniVersion.startsWith('0.') ? { version: '4' } : {};
  const legacy = cniVersion === '0.1.0' || cniVersion === '0.2.0';
  print(
    legacy
      ? { cniVersion, ip4: { ip: net, gateway, routes }, dns }
      : { cniVersion, ips: [{ ...version, address: net, gateway }], routes, dns },
  );
}

function owners(): string[] {
  return readdirSync(alloc).map((address) => readFileSync(join(alloc, address), 'utf8'));
}

/** The exclusive creation of the file is the reservation. */
function reserve(): string | undefined {
  for (let last = 10; last <= 250; last++) {
    const address = `10.91.0.${last}`;
    try {
      writeFileSync(join(alloc, address), holder, { flag: 'wx' });
      return address;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  return undefined;
}

function release(isGone: (owner: string) => boolean): void {
  for (const address of readdirSync(alloc)) {
    const file = join(alloc, address);
    if (isGone(readFileSync(file, 'utf8'))) rmSync(file);
  }
}

function print(document: object): void {
  process.stdout.write(`${JSON.stringify(document)}\n`);
}

function refuse(code: number, msg: string): void {
  print({ code, msg });
  process.exitCode = 1;
}

function fail(message: string): never {
  throw new Error(message);
}
