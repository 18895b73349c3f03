/**
 * The resident process of one namespace. Bundled into one file when a lab is made, because Node has to
 * start it quickly and without this tree: `node resident.mjs <role> <socket name>`.
 */
import { run } from '../host/run.ts';
import { serveInternet } from './internet.ts';
import { RESIDENT_DIRECTORY, type Role } from './protocol.ts';
import { serveRequests } from './requests.ts';
import { serveWireserver } from './wireserver.ts';

const [role, socketName = ''] = process.argv.slice(2) as [Role, string?];
if (role === 'fabric') await serveWireserver(RESIDENT_DIRECTORY);
if (role === 'internet') await serveInternet();
// The first program that Node starts takes it several times as long as any later one.
if (role === 'vm') await run(['true']);
await serveRequests(`${RESIDENT_DIRECTORY}/${socketName}`);
