/** The Azure Resource Manager id of a subnet: `vnetSubnetId` of the cluster definition. */

export interface SubnetId {
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly vnet: string;
  readonly subnet: string;
}

const PATTERN =
  /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/Microsoft\.Network\/virtualNetworks\/([^/]+)\/subnets\/([^/]+)$/i;

/** Names get into messages and files for other programs: control characters, line ends and half characters do not. */
const IN_NO_NAME = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Reads an id, in any case as Resource Manager does; undefined for anything else or an empty part. */
export function parseSubnetId(text: string): SubnetId | undefined {
  const [, subscription, resourceGroup, vnet, subnet] = PATTERN.exec(text) ?? [];
  if (!subscription || !resourceGroup || !vnet || !subnet || IN_NO_NAME.test(text)) return undefined;
  return { subscription, resourceGroup, vnet, subnet };
}

/** The id of the virtual network that the subnet is part of. */
export function formatVnetId({ subscription, resourceGroup, vnet }: SubnetId): string {
  return `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.Network/virtualNetworks/${vnet}`;
}

export function formatSubnetId(id: SubnetId): string {
  return `${formatVnetId(id)}/subnets/${id.subnet}`;
}

/** A name that is not filled in: no name in Azure has angle brackets. */
export function isPlaceholder(name: string): boolean {
  return /[<>]/.test(name);
}

/** Resource Manager compares ids without regard to case; a name that is not filled in may be any. */
export function sameVnet(a: SubnetId, b: SubnetId): boolean {
  return differingPart(a, b) === undefined;
}

const VNET_PARTS = ['subscription', 'resourceGroup', 'vnet'] as const;

/** The first part of the ids by which they are in different virtual networks. */
export function differingPart(a: SubnetId, b: SubnetId): (typeof VNET_PARTS)[number] | undefined {
  return VNET_PARTS.find((part) => !sameName(a[part], b[part]));
}

export function sameSubnet(a: SubnetId, b: SubnetId): boolean {
  return sameVnet(a, b) && sameName(a.subnet, b.subnet);
}

function sameName(a: string, b: string): boolean {
  return isPlaceholder(a) || isPlaceholder(b) || a.toLowerCase() === b.toLowerCase();
}
