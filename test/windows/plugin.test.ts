/** The released executables under Wine, with stand-ins for the DLLs of the host network service. */
import { after, before, describe } from 'node:test';
import { defineLifeTests } from './plugin/life.ts';
import { defineManyTests } from './plugin/many.ts';
import { defineProtocolTests } from './plugin/protocol.ts';
import { defineRequestTests } from './plugin/requests.ts';
import { defineToolTests } from './plugin/tool.ts';
import { defineTroubleTests } from './plugin/trouble.ts';
import { WindowsNode } from './support/node.ts';

/** Secondary addresses of the NIC. */
const ADDRESSES = 20;

describe('azure-vnet.exe under Wine', () => {
  let started: WindowsNode | undefined;
  before(async () => {
    started = await WindowsNode.start(ADDRESSES);
  });
  after(async () => {
    await started?.stop();
  });
  const node = (): WindowsNode => {
    if (started === undefined) throw new Error('the machine did not start');
    return started;
  };
  defineProtocolTests(node);
  defineRequestTests(node);
  defineLifeTests(node);
  defineTroubleTests(node);
  defineManyTests(node);
  defineToolTests(node);
});
