// Tables that marketplaces write leads to (I3), in an account that holds nothing else: whoever has its key has these tables
// and none of ours.

@description('The account.')
param accountName string

@description('The region.')
param location string

@description('Tags of the account.')
param tags { *: string }

@description('The replication.')
param replication string

@description('The tables.')
param tables string[]

@description('Whether the marketplaces sign in with the account\'s key.')
param keys bool

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' = {
  name: accountName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: replication
  }
  properties: {
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: keys
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: 'Enabled'
    // Marketplaces write from wherever they are, and publish no addresses: with or without a private network this stays open to
    // whoever has the key or a role.
    networkAcls: {
      defaultAction: 'Allow'
      bypass: 'None'
    }
  }

  resource tableService 'tableServices' = {
    name: 'default'

    resource table 'tables' = [
      for one in tables: {
        name: one
      }
    ]
  }
}
