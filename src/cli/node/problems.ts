/** Everything that is wrong between records and kernel, networks first. */
import type { Sys } from '../../sys/sys.ts';
import { exists } from '../files.ts';
import { endpointProblems } from './endpoint-problems.ts';
import type { NodeFacts } from './facts.ts';
import { networkProblems } from './network-problems.ts';
import type { Problem } from './problem.ts';

export function nodeProblems(sys: Sys, facts: NodeFacts): Problem[] {
  return [...networkProblems(facts), ...endpointProblems(facts, runtimeHere(sys))];
}

/** The runtime that `azure-vnet gc` can ask on this node. */
function runtimeHere(sys: Sys): string {
  if (exists(sys, '/run/containerd/containerd.sock')) return 'containerd';
  return exists(sys, '/run/docker.sock') ? 'docker' : 'netns';
}
