/** The network configuration that is installed with the plugins. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { parseNetworkConfig } from '../../../../src/cni/config.ts';
import { parseIpamConfig } from '../../../../src/cni/ipam-config.ts';
import { requestConfig } from '../../../../src/cni/runtime/call.ts';
import { chooseConfList } from '../../../../src/cni/runtime/conflist.ts';
import { requestOf } from '../calls.ts';

const NAME = '10-azure.conflist';
const text = readFileSync(new URL(`../../../../conf/${NAME}`, import.meta.url), 'utf8');

test(`${NAME} is a chain of azure-vnet and portmap, whose first element both parsers accept`, () => {
  const chosen = chooseConfList([{ name: NAME, text }]);
  assert.ok(chosen.ok);
  const { list } = chosen.value;
  assert.deepEqual([list.name, list.cniVersion], ['azure', '0.3.0']);
  assert.deepEqual(
    list.plugins.map(({ type, capabilities }) => [type, capabilities]),
    [
      ['azure-vnet', []],
      ['portmap', ['portMappings']],
    ],
  );
  const [plugin = assert.fail('no plugins')] = list.plugins;
  const request = requestOf(requestConfig(list, plugin, {}, {}));
  const config = parseNetworkConfig(request);
  assert.deepEqual(config.ok && [config.value.bridge, config.value.ipamType], ['azure0', 'azure-vnet-ipam']);
  const ipam = parseIpamConfig(request);
  assert.equal(ipam.ok && ipam.value.environment, 'azure');
});
