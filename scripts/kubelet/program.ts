/** The kubelet of the tests: which one, and where it is. */
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { CACHE, ROOT } from '../build/paths.ts';

/** Has go.mod and go.sum, which pin Kubernetes and all that a kubelet consists of. */
export const KUBELET_MODULE = join(ROOT, 'scripts/kubelet');

/** As in go.mod, such as v1.30.14. */
export function kubeletVersion(): string {
  const text = readFileSync(join(KUBELET_MODULE, 'go.mod'), 'utf8');
  const version = /^require k8s\.io\/kubernetes (v\S+)$/m.exec(text)?.[1];
  if (version === undefined) throw new Error('scripts/kubelet/go.mod requires no k8s.io/kubernetes');
  return version;
}

/** The kubelet of PATH, else what `make kubelet` makes. It is called kubelet, by which others know it. */
export function kubeletProgram(): string {
  const inPath = (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, 'kubelet'));
  return inPath.find((path) => existsSync(path)) ?? join(CACHE, `kubelet-${kubeletVersion()}/kubelet`);
}
