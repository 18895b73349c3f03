/** azure-vnet, mode bridge: containers get addresses of the VNet itself. */
import type { CniPlugin } from '../cni/types.ts';
import { add } from './add.ts';
import { check } from './check.ts';
import { del } from './del.ts';
import { gc } from './gc.ts';
import { status } from './status.ts';

export const azureVnet: CniPlugin = { name: 'azure-vnet', add, del, check, gc, status };
