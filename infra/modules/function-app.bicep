// The app on Flex Consumption. The platform sets the runtime from functionAppConfig; FUNCTIONS_WORKER_RUNTIME and the other
// settings of older plans must not be there.

@description('The app; its host name begins with it.')
param name string

@description('The region.')
param location string

@description('Tags of the resources.')
param tags { *: string }

@description('The identity, by resource id.')
param identityId string

@description('The identity, by client id.')
param identityClientId string

@description('The Application Insights component.')
param insightsName string

@description('The host\'s storage account.')
param hostStorageName string

@description('The container of deployed packages.')
param deploymentContainer string

@description('The origins whose pages may call the interface from a browser.')
param corsOrigins string[]

@description('Memory of an instance, in MB.')
param instanceMemory int

@description('The most instances each group of functions may have.')
param maximumInstances int

@description('Instances that always run for HTTP.')
param alwaysReadyHttp int

@description('The share of traces that is kept, from 0 to 1.')
param traceShare string

@description('The subnet that its calls go through, by resource id; empty = none.')
param subnetId string

@description('The app\'s own settings.')
param settings { *: string }

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource hostStorage 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: hostStorageName
}

var hostSettings = {
  // Blobs and queues only: without its address the host does not look for tables, and needs no role there.
  AzureWebJobsStorage__blobServiceUri: hostStorage.properties.primaryEndpoints.blob
  AzureWebJobsStorage__queueServiceUri: hostStorage.properties.primaryEndpoints.queue
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  OTEL_TRACES_SAMPLER: 'microsoft.fixed_percentage'
  OTEL_TRACES_SAMPLER_ARG: traceShare
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: '${name}-plan'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
  }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  // By this tag azd finds where the code belongs (azure.yaml).
  tags: union(tags, { 'azd-service-name': 'api' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      runtime: {
        name: 'python'
        version: '3.13'
      }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${hostStorage.properties.primaryEndpoints.blob}${deploymentContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemory
        maximumInstanceCount: maximumInstances
        alwaysReady: alwaysReadyHttp == 0 ? [] : [
          {
            name: 'http'
            instanceCount: alwaysReadyHttp
          }
        ]
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      cors: {
        allowedOrigins: corsOrigins
        // Callers show a token; cookies are never read.
        supportCredentials: false
      }
      // `map` and not a loop: a loop's length must be known before the deployment begins.
      appSettings: map(items(union(settings, hostSettings)), setting => { name: setting.key, value: setting.value })
    }
  }

  // Easy Auth stays off: the app checks tokens itself, since marketplaces come without one (S1, S2).
  resource auth 'config' = {
    name: 'authsettingsV2'
    properties: {
      platform: {
        enabled: false
      }
    }
  }

  // Publishing by password is off; code is deployed with a token.
  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: {
      allow: false
    }
  }

  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: {
      allow: false
    }
  }
}

@description('Its host name.')
output hostName string = app.properties.defaultHostName
