/** azure-vnet on Windows: containers get addresses of the VNet itself, through the host network service. */
import type { CniPlugin } from '../cni/types.ts';
import { add } from './add.ts';
import { check } from './check.ts';
import { del } from './del.ts';
import { gc } from './gc.ts';
import { status } from './status.ts';

export const azureVnetWindows: CniPlugin = { name: 'azure-vnet', add, del, check, gc, status };
