// The rights of the app's identity but those on data (data-roles.bicep), each where it is needed and nowhere above.
// Nobody else is given any.

@description('The identity, by resource id: names of assignments are made of it, and what-if knows it beforehand.')
param identityId string

@description('The identity, by the id of its principal.')
param principalId string

@description('The host\'s account.')
param hostStorageName string

@description('The account of tables that marketplaces write; the data\'s where there are none.')
param marketplaceStorageName string

@description('The tables in it that the app reads.')
param marketplaceTables string[]

@description('The Communication Services resource.')
param communicationName string

@description('The Application Insights component.')
param insightsName string

// Built-in roles have the same ids everywhere.
var role = {
  blobDataOwner: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b')
  queueDataContributor: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '974c5e8b-45b9-4653-ba55-5f855dd0fb88')
  tableDataReader: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '76199698-9eea-4c19-bc75-cec21354c6b6')
  metricsPublisher: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '3913510d-42f4-4e42-8a64-420c390055eb')
  mailOwner: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '09976791-48a7-449e-bb21-39d1a415f350')
}

resource host 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: hostStorageName
}

resource marketplaces 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: marketplaceStorageName

  resource tableService 'tableServices' existing = {
    name: 'default'

    resource table 'tables' existing = [
      for one in marketplaceTables: {
        name: one
      }
    ]
  }
}

resource communication 'Microsoft.Communication/communicationServices@2025-09-01' existing = {
  name: communicationName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

// The host makes containers of its own for leases and keys and takes the package from another; so the whole account,
// which holds nothing else. Owner and not contributor, because the host's documentation asks for it; what it may do beyond that,
// owners of single files, means nothing in an account without folders. It needs no tables: no trigger of ours uses them.
resource hostBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(host.id, identityId, role.blobDataOwner)
  scope: host
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: role.blobDataOwner
  }
}

// The app sends messages; the host takes, hides and deletes them, moves what is poison, and its scale controller counts what
// waits. On the account and not on single queues: what the scale controller asks for is not described, and the account has no
// other queues. Contributor and not its parts (read, send, process): none of those may lengthen the time for which a message
// stays hidden, as the host does while a function works on it.
resource hostQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(host.id, identityId, role.queueDataContributor)
  scope: host
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: role.queueDataContributor
  }
}

// Takes up leads that marketplaces write (I3), and can never write there.
resource marketplaceRows 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (one, i) in marketplaceTables: {
    name: guid(marketplaces::tableService::table[i].id, identityId, role.tableDataReader)
    scope: marketplaces::tableService::table[i]
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: role.tableDataReader
    }
  }
]

// Sends mail. No built-in role may only send, and the service does not honour custom ones reliably. This one could also switch
// keys on again, read them, and delete the resource; so it is given on the one resource and not on the domain, and whoever does
// any of it is told of (mail-keys in alerts.bicep).
resource sendMail 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(communication.id, identityId, role.mailOwner)
  scope: communication
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: role.mailOwner
  }
}

// Writes logs and metrics, and reads none.
resource writeLogs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, identityId, role.metricsPublisher)
  scope: insights
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: role.metricsPublisher
  }
}
