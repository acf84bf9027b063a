// The rights of the app's identity on one account of data, each where it is needed and nowhere above.

@description('The identity, by resource id: names of assignments are made of it, and what-if knows it beforehand.')
param identityId string

@description('The identity, by the id of its principal.')
param principalId string

@description('The account of the data.')
param dataStorageName string

@description('The app\'s tables in it.')
param ownTables string[]

@description('The container of export files.')
param exportContainer string

// Built-in roles have the same ids everywhere.
var role = {
  blobDataContributor: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'ba92f5b4-2d11-453d-a403-e96b0029c9fe')
  blobDelegator: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'db58b8e5-c6ad-4a2a-8342-4190687cbf4a')
  tableDataContributor: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3')
}

resource data 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: dataStorageName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource exports 'containers' existing = {
      name: exportContainer
    }
  }

  resource tableService 'tableServices' existing = {
    name: 'default'

    resource own 'tables' existing = [
      for one in ownTables: {
        name: one
      }
    ]
  }
}

// Reads and writes the programme's rows, in the app's own tables only. The role may also delete such a table, as it may each row
// of it, and none may only write rows; backups are in an account that the app has no role in (docs/operations.md).
resource tableRows 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (one, i) in ownTables: {
    name: guid(data::tableService::own[i].id, identityId, role.tableDataContributor)
    scope: data::tableService::own[i]
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: role.tableDataContributor
    }
  }
]

// Writes, reads and deletes export files. The role may also delete the container, which the template makes again.
resource exportFiles 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(data::blobs::exports.id, identityId, role.blobDataContributor)
  scope: data::blobs::exports
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: role.blobDataContributor
  }
}

// Gets the delegation key that links to exports are signed with; an account has one, so a container is no possible scope.
// A link can do no more than the identity itself: read in the container of exports.
resource exportLinks 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(data.id, identityId, role.blobDelegator)
  scope: data
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: role.blobDelegator
  }
}
