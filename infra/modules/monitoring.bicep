// Where logs go. Only tokens may write them: nobody who reads a connection string can forge a log.

@description('Begins the names.')
param name string

@description('The Application Insights component, that the app writes to.')
param insightsName string

@description('The region.')
param location string

@description('Tags of the resources.')
param tags { *: string }

@description('How many days logs are kept.')
param logDays int

@description('Logs beyond these GiB a day are dropped; -1 = no limit.')
param logGigabytesPerDay int

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: '${name}-logs'
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: logDays
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
    workspaceCapping: {
      dailyQuotaGb: logGigabytesPerDay
    }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: insightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

@description('The workspace, for alerts.')
output workspaceId string = workspace.id
