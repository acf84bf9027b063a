// One storage account's addresses in the network of the app, each with its name.

@description('The account.')
param accountName string

@description('What of it is reached: blob, queue or table.')
param kinds string[]

@description('The network (network.bicep).')
param networkName string

@description('The region.')
param location string

@description('Tags of the resources.')
param tags { *: string }

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: accountName
}

resource network 'Microsoft.Network/virtualNetworks@2026-03-01' existing = {
  name: networkName

  resource endpoints 'subnets' existing = {
    name: 'endpoints'
  }
}

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' existing = [
  for kind in kinds: {
    name: 'privatelink.${kind}.${environment().suffixes.storage}'
  }
]

// One after the other: an account takes one change at a time.
@batchSize(1)
resource endpoint 'Microsoft.Network/privateEndpoints@2026-03-01' = [
  for kind in kinds: {
    name: '${accountName}-${kind}'
    location: location
    tags: tags
    properties: {
      subnet: {
        id: network::endpoints.id
      }
      privateLinkServiceConnections: [
        {
          name: kind
          properties: {
            privateLinkServiceId: account.id
            groupIds: [kind]
          }
        }
      ]
    }
  }
]

resource dnsName 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2026-03-01' = [
  for (kind, i) in kinds: {
    parent: endpoint[i]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        {
          name: kind
          properties: {
            privateDnsZoneId: zone[i].id
          }
        }
      ]
    }
  }
]
