/** A plan as an ARM template: the whole NIC, as a PUT replaces all of it. */
import { type Ipconfig, type NicPlan, PRIMARY } from './plan.ts';

/** https://learn.microsoft.com/azure/templates/microsoft.network/2018-08-01/networkinterfaces */
export function armTemplate({ nic, secondaries }: NicPlan): object {
  return {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    parameters: {
      subnetId: {
        type: 'string',
        metadata: { description: 'Resource id of the subnet, the same for all addresses of a NIC' },
      },
      networkSecurityGroupId: { type: 'string', defaultValue: '' },
      enableAcceleratedNetworking: { type: 'bool', defaultValue: false },
    },
    resources: [
      {
        type: 'Microsoft.Network/networkInterfaces',
        apiVersion: '2018-08-01',
        name: nic,
        location: '[resourceGroup().location]',
        properties: {
          enableAcceleratedNetworking: "[parameters('enableAcceleratedNetworking')]",
          networkSecurityGroup:
            "[if(empty(parameters('networkSecurityGroupId')), json('null'), createObject('id', parameters('networkSecurityGroupId')))]",
          ipConfigurations: [
            ipConfiguration({ name: PRIMARY }, true),
            ...secondaries.map((one) => ipConfiguration(one)),
          ],
        },
      },
    ],
  };
}

function ipConfiguration({ name, address }: Ipconfig, primary = false): object {
  return {
    name,
    properties: {
      primary,
      ...(address === undefined
        ? { privateIPAllocationMethod: 'Dynamic' }
        : { privateIPAddress: address, privateIPAllocationMethod: 'Static' }),
      privateIPAddressVersion: 'IPv4',
      subnet: { id: "[parameters('subnetId')]" },
    },
  };
}
