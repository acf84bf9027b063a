// The directory (M1): a container in the deployment's own account of data, and the app's right to read and write in it.

@description('The account of the data.')
param dataStorageName string

@description('The container.')
param containerName string

@description('The identity, by resource id: the name of the assignment is made of it, and what-if knows it beforehand.')
param identityId string

@description('The identity, by the id of its principal.')
param principalId string

// Built-in roles have the same ids everywhere.
var role = {
  blobDataContributor: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'ba92f5b4-2d11-453d-a403-e96b0029c9fe')
}

resource data 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: dataStorageName

  resource blobs 'blobServices' existing = {
    name: 'default'
  }
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-08-01' = {
  parent: data::blobs
  name: containerName
  properties: {
    publicAccess: 'None'
  }
}

// Writes what searches are answered from, and reads it. The role may also delete the container, which the template makes again.
resource directoryFiles 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(container.id, identityId, role.blobDataContributor)
  scope: container
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: role.blobDataContributor
  }
}
