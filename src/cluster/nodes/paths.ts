/** Where a node has what concerns the plugin. The directories are those of the deployment page. */
import type { OsType } from '../definition.ts';

export interface NodePaths {
  readonly cniBin: string;
  readonly cniConf: string;
  /** Configuration of Kubernetes' cloud provider, with the service principal. */
  readonly cloudConfig: string;
}

export const NODE_PATHS: Readonly<Record<OsType, NodePaths>> = {
  Linux: { cniBin: '/opt/cni/bin', cniConf: '/etc/cni/net.d', cloudConfig: '/etc/kubernetes/azure.json' },
  Windows: { cniBin: 'c:\\cni\\bin', cniConf: 'c:\\cni\\netconf', cloudConfig: 'c:\\k\\azure.json' },
};

export const CONFLIST = '10-azure.conflist';
