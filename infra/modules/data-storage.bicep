// The programme's data: tables and export files (directory.bicep adds the directory). The app never creates any of them.

@description('The account.')
param accountName string

@description('The region.')
param location string

@description('Tags of the account.')
param tags { *: string }

@description('The replication.')
param replication string

@description('Every table.')
param tables string[]

@description('The container of export files.')
param exportContainer string

@description('Whether it is reached through the private network, and else only from allowedAddresses.')
param onlyPrivate bool

@description('The addresses on the internet that reach it all the same, each a.b.c.d or a.b.c.0/24; empty = none.')
param allowedAddresses string[]

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
    // With keys off, links to exports are signed by user delegation and nothing else can sign one.
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: onlyPrivate && empty(allowedAddresses) ? 'Disabled' : 'Enabled'
    // Without a network of its own the app calls from addresses that change and that others have, too, so 'Deny' would shut it
    // out (host-storage.bicep). Of Azure's own services the one that deletes old export files has to come in (export-lifecycle).
    networkAcls: {
      defaultAction: onlyPrivate ? 'Deny' : 'Allow'
      bypass: onlyPrivate ? 'AzureServices' : 'None'
      ipRules: map(onlyPrivate ? allowedAddresses : [], address => { value: address, action: 'Allow' })
    }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      // A file that is deleted is gone: it holds people's data (X1–X5).
      deleteRetentionPolicy: {
        enabled: false
      }
      isVersioningEnabled: false
    }

    resource exports 'containers' = {
      name: exportContainer
      properties: {
        publicAccess: 'None'
      }
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
