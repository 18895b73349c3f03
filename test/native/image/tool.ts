/** Stands for the command-line image: says that it was the one that was chosen. */
import { hostSys } from '../../../src/sys/quickjs.ts';
import type { Fd } from '../../../src/sys/sys.ts';

const sys = hostSys();
const bytes = sys.encodeUtf8('tool');
sys.write(1 as Fd, bytes, 0, bytes.length);
