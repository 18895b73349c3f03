/**
 * SHA-1 (RFC 3174), only for names: tools look for the host veth under the name that the original
 * plugin gave it. Nothing depends on its strength. Written without calls in its loops: on every ADD and
 * DEL they would cost more than the kernel's part of a name.
 */
export function sha1Hex(message: Uint8Array): string {
  const padded = new Uint8Array((((message.length + 8) >> 6) + 1) << 6);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, message.length * 8);
  const hash = new Uint32Array([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0]);
  const words = new Int32Array(80);
  for (let block = 0; block < padded.length; block += 64) {
    for (let i = 0; i < 16; i++) words[i] = view.getInt32(block + i * 4);
    for (let i = 16; i < 80; i++) {
      // The index is within the array, so `?? 0` never applies; it is for the type checker.
      const mixed = (words[i - 3] ?? 0) ^ (words[i - 8] ?? 0) ^ (words[i - 14] ?? 0) ^ (words[i - 16] ?? 0);
      words[i] = (mixed << 1) | (mixed >>> 31);
    }
    mix(hash, words);
  }
  return Array.from(hash, (word) => word.toString(16).padStart(8, '0')).join('');
}

function mix(hash: Uint32Array, words: Int32Array): void {
  const [h0 = 0, h1 = 0, h2 = 0, h3 = 0, h4 = 0] = hash;
  let a = h0 | 0;
  let b = h1 | 0;
  let c = h2 | 0;
  let d = h3 | 0;
  let e = h4 | 0;
  for (let i = 0; i < 80; i++) {
    let round: number;
    if (i < 20) round = ((b & c) | (~b & d)) + 0x5a827999;
    else if (i < 40) round = (b ^ c ^ d) + 0x6ed9eba1;
    else if (i < 60) round = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
    else round = (b ^ c ^ d) + 0xca62c1d6;
    const next = (((a << 5) | (a >>> 27)) + round + e + (words[i] ?? 0)) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  hash.set([h0 + a, h1 + b, h2 + c, h3 + d, h4 + e]);
}
