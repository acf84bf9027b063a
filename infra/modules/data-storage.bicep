// The programme's data: tables, export files and the directory. The app never creates any of them.

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

@description('The container of the directory; none in a further account.')
param directoryContainer string = ''

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

    resource directory 'containers' = if (!empty(directoryContainer)) {
      name: directoryContainer
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
