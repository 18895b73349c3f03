import assert from 'node:assert/strict';
import test from 'node:test';
import { parseKubeletFlags } from '../../../../lab/cluster/kubelet.ts';
import { parseUserData } from '../../../../lab/cluster/user-data.ts';

test('parseUserData() reads files and programs, and refuses what the lab would not do', () => {
  const text = `#cloud-config
write_files:
- path: /a
  permissions: '0644'
  content: |
    one
      two
runcmd:
- [sh, /a]
`;
  assert.deepEqual(parseUserData(text), {
    files: [{ path: '/a', content: 'one\n  two\n', mode: 0o644 }],
    commands: [['sh', '/a']],
  });
  assert.throws(
    () => parseUserData(text.replace('#cloud-config\n', '')),
    /does not begin with #cloud-config/,
  );
  assert.throws(() => parseUserData(`${text}packages: [curl]\n`), /does not know packages/);
  assert.throws(() => parseUserData(text.replace("'0644'", '0644')), /no write_files/);
  assert.throws(() => parseUserData(text.replace('[sh, /a]', 'sh /a')), /no write_files and runcmd/);
});

test('parseKubeletFlags() refuses what systemd or kubelet would not take', () => {
  assert.deepEqual(
    parseKubeletFlags('KUBELET_EXTRA_ARGS="--a=1 --b=x=y"\n'),
    new Map([
      ['--a', '1'],
      ['--b', 'x=y'],
    ]),
  );
  assert.throws(() => parseKubeletFlags('KUBELET_ARGS="--a=1"\n'), /does not set KUBELET_EXTRA_ARGS/);
  assert.throws(() => parseKubeletFlags('KUBELET_EXTRA_ARGS="--a 1"\n'), /"--a" is no flag/);
});
