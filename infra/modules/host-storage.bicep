// The host's own account: the deployed package, timers' leases, function keys, and the queues that call functions. Apart
// from the data, because the host needs to own what is in here.

@description('The account.')
param accountName string

@description('The region.')
param location string

@description('Tags of the account.')
param tags { *: string }

@description('The container of deployed packages.')
param deploymentContainer string

@description('The queues of triggers, with those of what they could not work on.')
param queues string[]

@description('Whether it is reached through the private network alone.')
param onlyPrivate bool

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' = {
  name: accountName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: 'Standard_LRS'
  }
  properties: {
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: onlyPrivate ? 'Disabled' : 'Enabled'
    // Without a network of its own the app calls from addresses that change and that others have, too, and there is no rule for
    // the host: 'Deny' would shut both out. Nobody is let past the rules, which matters as soon as they refuse somebody.
    networkAcls: {
      defaultAction: onlyPrivate ? 'Deny' : 'Allow'
      bypass: 'None'
    }
  }

  resource blobs 'blobServices' = {
    name: 'default'

    resource packages 'containers' = {
      name: deploymentContainer
      properties: {
        publicAccess: 'None'
      }
    }
  }

  // The host makes no queue of a trigger, and one for poison only when the first of it comes.
  resource queueService 'queueServices' = {
    name: 'default'

    resource queue 'queues' = [
      for queueName in queues: {
        name: queueName
      }
    ]
  }
}
