/** OpenSSH public keys: `ssh-rsa AAAAB3NzaC1yc2E… comment`. */
import { quoted } from './source.ts';

/** What Azure accepts for VMs. */
const TYPES = ['ssh-rsa', 'ssh-ed25519'];
const LEAST_RSA_BITS = 2048;

/** What is wrong with it, in one line; undefined for a good one. Format: RFC 4253 §6.6. */
export function sshKeyProblem(line: string): string | undefined {
  const expected = 'expected one line that begins with "ssh-rsa AAAA", as in ~/.ssh/id_rsa.pub';
  if (/PRIVATE KEY/.test(line))
    return 'this is a private key, which must not be here; use the one in the file that ends in .pub';
  if (/[\r\n]/.test(line)) return `the key has more than one line; ${expected}`;
  const [type = '', data = ''] = line.split(/\s+/);
  if (!/^(ssh|ecdsa|sk)-/.test(type)) return `keyData is ${quoted(line)}; ${expected}`;
  if (!TYPES.includes(type))
    return `the key is of type ${quoted(type)}; Azure accepts ${TYPES.join(' and ')}`;
  const bytes = fromBase64(data);
  const fields = bytes === undefined ? undefined : fieldsOf(bytes);
  if (fields === undefined) return `the key is damaged or cut off: ${quoted(line)}`;
  const [name, , modulus] = fields;
  if (name === undefined || String.fromCharCode(...name) !== type)
    return `the key says it is ${quoted(type)} and holds another type`;
  const bits = type === 'ssh-rsa' ? bitsOf(modulus ?? new Uint8Array()) : LEAST_RSA_BITS;
  return bits < LEAST_RSA_BITS
    ? `the key has ${bits} bits; Azure wants ${LEAST_RSA_BITS} or more`
    : undefined;
}

/** The length-prefixed fields; undefined when the last one is incomplete. */
function fieldsOf(bytes: Uint8Array): Uint8Array[] | undefined {
  const fields: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) return undefined;
    const length = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0);
    if (at + 4 + length > bytes.length) return undefined;
    fields.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return fields;
}

function bitsOf(number: Uint8Array): number {
  const first = number.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (number.length - first - 1) * 8 + (32 - Math.clz32(number[first] ?? 0));
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function fromBase64(text: string): Uint8Array | undefined {
  if (text === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const digits = text.replace(/=+$/, '');
  const bytes = new Uint8Array(Math.floor((digits.length * 6) / 8));
  let bits = 0;
  let count = 0;
  let at = 0;
  for (const digit of digits) {
    bits = ((bits << 6) | ALPHABET.indexOf(digit)) & 0xffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes[at++] = (bits >> count) & 0xff;
  }
  return bytes;
}
