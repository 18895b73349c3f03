/** A plan as a script for Azure CLI or PowerShell. Both leave ipconfigs alone that are there, so they can run again. */
import type { NicPlan } from './plan.ts';

export function azureCli(plan: NicPlan): string {
  const [first, last] = numbers(plan);
  const adds = isStatic(plan)
    ? plan.secondaries.map(({ name, address = '' }) => `add ${name} ${address}`).join('\n')
    : `for i in $(seq ${first} ${last}); do add "ipconfig$i"; done`;
  return `set -eu
group='${plan.resourceGroup}' nic='${plan.nic}'
taken=$(az network nic ip-config list -g "$group" --nic-name "$nic" --query '[].name' -o tsv)
add() {
  if printf '%s\\n' "$taken" | grep -qxF "$1"; then echo "$1 is there already"; return; fi
  az network nic ip-config create -g "$group" --nic-name "$nic" -n "$1" \\
    --private-ip-address-version IPv4 \${2:+--private-ip-address "$2"} -o none
  echo "$1 added"
}
${adds}
az network nic ip-config list -g "$group" --nic-name "$nic" -o table
`;
}

export function powershell(plan: NicPlan): string {
  const [first, last] = numbers(plan);
  const names = isStatic(plan)
    ? `$plan = [ordered]@{\n${plan.secondaries.map(({ name, address }) => `  '${name}' = '${address}'\n`).join('')}}`
    : `$plan = [ordered]@{}\n${first}..${last} | ForEach-Object { $plan["ipconfig$_"] = $null }`;
  return `$ErrorActionPreference = 'Stop'
$nic = Get-AzNetworkInterface -ResourceGroupName '${plan.resourceGroup}' -Name '${plan.nic}'
$subnetId = $nic.IpConfigurations[0].Subnet.Id
$taken = @($nic.IpConfigurations | ForEach-Object { $_.Name })
${names}
foreach ($name in $plan.Keys) {
  if ($taken -contains $name) { continue }
  $address = @{}
  if ($plan[$name]) { $address.PrivateIpAddress = $plan[$name] }
  Add-AzNetworkInterfaceIpConfig -NetworkInterface $nic -Name $name -SubnetId $subnetId @address | Out-Null
}
Set-AzNetworkInterface -NetworkInterface $nic | Out-Null  # nothing is changed before this line
$nic = Get-AzNetworkInterface -ResourceGroupName '${plan.resourceGroup}' -Name '${plan.nic}'
$nic.IpConfigurations | Format-Table -Property @('Name', 'Primary', 'PrivateIpAddress', 'PrivateIpAllocationMethod')
`;
}

function isStatic({ secondaries }: NicPlan): boolean {
  return secondaries[0]?.address !== undefined;
}

/** Of the first and last ipconfig. */
function numbers({ secondaries }: NicPlan): readonly [number, number] {
  return [2, secondaries.length + 1];
}
