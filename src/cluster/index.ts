/** The library: cluster definition → findings, definition, address plan. The npm package exports it. */
export { type Cidr, formatCidr, parseCidr } from '../net/cidr.ts';
export { formatIpv4, type Ipv4, parseIpv4 } from '../net/ipv4.ts';
export type * from './definition.ts';
export {
  FINDING_CODES,
  type Finding,
  type FindingCode,
  hasErrors,
  type Place,
  type Severity,
} from './finding.ts';
export { type Generated, type GeneratedFile, generateCluster, type PluginRelease } from './generate.ts';
export { planPicture } from './picture.ts';
export type * from './plan.ts';
export { planAddresses } from './plan-addresses.ts';
export { type PlanDocument, planDocument } from './plan-document.ts';
export { type ReadOptions, type ReadResult, readDefinition } from './read-definition.ts';
export { formatSubnetId, parseSubnetId, type SubnetId } from './subnet-id.ts';
