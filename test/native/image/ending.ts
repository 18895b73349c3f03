/** Program that ends in the way that its first argument names. */
import { hostSys } from '../../../src/sys/quickjs.ts';
import type { Fd } from '../../../src/sys/sys.ts';

const sys = hostSys();

function load(name: string): void {
  (sys as unknown as { load(name: string): void }).load(name);
}

function print(text: string): void {
  const bytes = sys.encodeUtf8(text);
  sys.write(1 as Fd, bytes, 0, bytes.length);
}

async function later(text: string): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await Promise.resolve();
  print(text);
}

switch (sys.args()[1]) {
  case 'returns':
    print('plugin');
    break;
  case 'loads':
    load('cli');
    print(' and more');
    break;
  case 'loads nothing':
    load('no such image');
    break;
  case 'exits':
    sys.exit(7);
    break;
  case 'throws':
    throw new Error('thrown on purpose');
  case 'throws no error':
    throw 'a text';
  case 'refused':
    sys.readdir('/nowhere');
    break;
  case 'awaits':
    void later('after all');
    break;
  case 'rejects':
    void later('').then(() => Promise.reject(new Error('rejected on purpose')));
    break;
  case 'handles':
    Promise.reject(new Error('handled')).catch(() => print('caught'));
    break;
  default:
    throw new Error('Internal error: no such ending');
}
