/** What the tests of the lab itself share: pings from any address or interface, and a chain without our plugin. */
import assert from 'node:assert/strict';
import type { Place } from '../../../lab/place.ts';
import { ANSWER_LIMIT_S } from './traffic.ts';

export const HOST_LOCAL_CONFLIST = JSON.stringify({
  cniVersion: '0.4.0',
  name: 'lab-test',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      ipam: { type: 'host-local', subnet: '172.16.0.0/24', routes: [{ dst: '0.0.0.0/0' }] },
    },
    { type: 'portmap', capabilities: { portMappings: true }, snat: true },
  ],
});

/** An answer to an echo request; `source` is an address or an interface. ARP may need a second attempt. */
export async function assertAnswered(place: Place, target: string, source?: string): Promise<void> {
  const { status, stdout, stderr } = await place.exec(pingArgv(target, source, ANSWER_LIMIT_S));
  assert.equal(status, 0, `${target} answers ${place.name} ${source ?? ''}: ${stdout}${stderr}`);
}

export async function assertLost(place: Place, target: string, source?: string): Promise<void> {
  const { status, stdout, stderr } = await place.exec(pingArgv(target, source, 0.5));
  assert.equal(status, 1, `${target} does not answer ${place.name} ${source ?? ''}: ${stdout}${stderr}`);
}

function pingArgv(target: string, source: string | undefined, waitS: number): string[] {
  const from = source === undefined ? [] : ['-I', source];
  return ['ping', '-n', '-c', '1', '-W', String(waitS), ...from, target];
}
