// A network that the app's calls go through, and in which storage has addresses of its own (private-endpoints.bicep), with room
// for a machine that makes backups or moves partners. What goes to the internet (tokens' keys, mail, webhooks, telemetry) leaves
// by one address that stays the same.

@description('The network.')
param networkName string

@description('The region; the app\'s own, since its network has to be there.')
param location string

@description('Tags of the resources.')
param tags { *: string }

@description('Its addresses, at least a /23; they matter only where it is joined to others.')
param addresses string

@description('What storage is asked for by name: blob, queue, table.')
param kinds string[]

// An address that stays, and a way out that was asked for: networks made from 2026 on give machines none by themselves.
resource outbound 'Microsoft.Network/publicIPAddresses@2026-03-01' = {
  name: '${networkName}-outbound'
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    publicIPAllocationMethod: 'Static'
  }
}

resource gateway 'Microsoft.Network/natGateways@2026-03-01' = {
  name: '${networkName}-gateway'
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    publicIpAddresses: [
      {
        id: outbound.id
      }
    ]
  }
}

resource network 'Microsoft.Network/virtualNetworks@2026-03-01' = {
  name: networkName
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [addresses]
    }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: cidrSubnet(addresses, 24, 0)
          defaultOutboundAccess: false
          natGateway: {
            id: gateway.id
          }
          // What Flex Consumption asks for; the subscription must know Microsoft.App.
          delegations: [
            {
              name: 'app'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          // Two for each further account; a subnet in use cannot grow.
          addressPrefix: cidrSubnet(addresses, 25, 2)
          defaultOutboundAccess: false
        }
      }
      {
        // Here, since the next deployment would take away a subnet that was made by hand.
        name: 'tools'
        properties: {
          addressPrefix: cidrSubnet(addresses, 26, 6)
          defaultOutboundAccess: false
          natGateway: {
            id: gateway.id
          }
        }
      }
    ]
  }
}

// The names of storage stay as they are; inside the network they lead to the private addresses.
resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for kind in kinds: {
    name: 'privatelink.${kind}.${environment().suffixes.storage}'
    location: 'global'
    tags: tags
  }
]

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (kind, i) in kinds: {
    parent: zone[i]
    name: networkName
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: {
        id: network.id
      }
    }
  }
]
