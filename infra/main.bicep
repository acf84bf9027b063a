// Everything a deployment needs, in one resource group. No key opens anything: one user-assigned identity reaches storage,
// mail and Application Insights, and its roles (modules/roles.bicep) exist before the app starts.
targetScope = 'resourceGroup'

@description('Begins every resource name.')
@minLength(2)
@maxLength(8)
param name string = 'leads'

@description('The region; Communication Services and Event Grid are global and only keep their data in dataLocation.')
param location string = resourceGroup().location

@description('The geography in which Communication Services keeps mails.')
param dataLocation string = 'Europe'

@description('Tags of every resource.')
param tags { *: string } = {}

@description('How the data is replicated: within a zone, across zones, or to a second region as well.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GZRS'])
param dataReplication string = 'Standard_ZRS'

@description('The names of further storage accounts for partners\' data, each worldwide unique (docs/operations.md, Grow).')
param dataAccounts string[] = []

@description('The tables that marketplaces write leads to (I3), in an account of their own; the app may only read them.')
param marketplaceTables string[] = []

@description('Whether marketplaces sign in to that account with its key. Partner Center can do nothing else; everything else stays without keys.')
param marketplaceKeys bool = false

@description('How what marketplaces write is replicated; the only copy of a lead until the app has read it.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GZRS'])
param marketplaceReplication string = dataReplication

@description('Whether the accounts of host and data are reached through a network of their own only (docs/operations.md: what it costs, and what it shuts out).')
param privateNetwork bool = false

@description('The addresses of that network, a /23 at least.')
param networkAddresses string = '10.10.0.0/23'

@description('The addresses on the internet that reach the accounts of data beside that network: where export files are fetched and backups made. Those of Azure in the same region never do.')
param allowedAddresses string[] = []

@description('The domain mails come from; empty = one that Azure manages, good for 5 mails a minute.')
param mailDomain string = ''

@description('Whether the DNS records of mailDomain (see the outputs) are verified; until then mails wait.')
param mailDomainVerified bool = false

@description('The part before the @ of the address mails come from; any other needs a raised quota of mailDomain.')
param mailSender string = 'DoNotReply'

@description('Whether bounces are reported to the function mail_reports; possible once the code is deployed.')
param mailReports bool = false

@description('The application (client) id that tokens must be for.')
param tokenAudience string

@description('The tenant whose Operator role counts; empty = nobody is operator.')
param operatorTenant string = ''

@description('Who is mailed where a partner has nobody (N1), and of leads without a sender that expire (A1).')
param operatorMail string = ''

@description('Who is mailed when an alert fires.')
param alertMails string[] = []

@description('The origins whose pages may call the interface from a browser.')
param corsOrigins string[] = []

@description('Where callers reach the interface, when it is not the host name of the app.')
param publicUrl string = ''

@description('Where a partner\'s people read a lead, if not on the app\'s page; {partnerId} and {leadId} are filled in.')
param leadUrl string = ''

@description('Where a partner\'s people read their leads, if not on the app\'s page; {partnerId} is filled in.')
param leadsUrl string = ''

@description('How many days an export\'s file is kept.')
@minValue(1)
@maxValue(365)
param exportKeptDays int = 1

@description('How many days logs are kept.')
@minValue(30)
@maxValue(730)
param logDays int = 30

@description('Logs beyond these GiB a day are dropped, so that a fault cannot cost without end; -1 = no limit.')
param logGigabytesPerDay int = 5

@description('The share of traces that is kept, from 0 to 1; a lead makes some 200 spans. Logs, metrics and requests are all kept.')
param traceShare string = '0.1'

@description('Memory of an instance; the app needs little more than the smallest.')
@allowed([512, 2048, 4096])
param instanceMemory int = 2048

@description('The most instances each group of functions may have.')
@minValue(1)
@maxValue(1000)
param maximumInstances int = 40

@description('Instances that always run for HTTP, so that no submission waits for a cold start.')
@minValue(0)
param alwaysReadyHttp int = 0

@description('Further app settings, or others than those below (docs/settings.md).')
param settings { *: string } = {}

// A timer's setting is its name in capitals with _SCHEDULE; late is after how many minutes without a good run an alert fires.
var timers = [
  { name: 'expire_leads', schedule: '0 */5 * * * *', late: 20 }
  { name: 'cool_flames', schedule: '0 */5 * * * *', late: 20 }
  { name: 'archive_leads', schedule: '0 0 * * * *', late: 90 }
  { name: 'send_reminders', schedule: '0 */5 * * * *', late: 20 }
  { name: 'send_digests', schedule: '0 */5 * * * *', late: 20 }
  { name: 'recheck_contacts', schedule: '0 */15 * * * *', late: 45 }
  { name: 'ingest_marketplace_table', schedule: '0 * * * * *', late: 15 }
  { name: 'deliver_events', schedule: '0 * * * * *', late: 15 }
  { name: 'run_exports', schedule: '0 * * * * *', late: 15 }
  { name: 'refresh_directory', schedule: '0 */5 * * * *', late: 30 }
  { name: 'run_erasures', schedule: '0 * * * * *', late: 15 }
  { name: 'watch_agenda', schedule: '0 */5 * * * *', late: 20 }
  { name: 'reconcile', schedule: '0 30 * * * *', late: 90 }
  { name: 'pass_on_leads', schedule: '0 */5 * * * *', late: 20 }
  { name: 'learn_outcomes', schedule: '0 40 * * * *', late: 90 }
]
// As keys.TABLES, keys.EXPORT_FILES and keys.DIRECTORY_FILES (shared/storage/keys.py).
var tables = ['Leads', 'Agenda', 'Lookup', 'Favorites', 'Exports', 'Partners', 'Parked', 'SentLeads', 'Feedback', 'Erasures']
var exportContainer = 'exports'
var directoryContainer = 'directory'
// Each trigger's, and beside it that of messages which failed maxDequeueCount times (host.json).
var queues = ['tell', 'tell-poison', 'lanes', 'lanes-poison', 'exports', 'exports-poison']
// As keys.OF_PARTNERS: what a further account has.
var partnerTables = ['Leads', 'Favorites', 'Exports', 'Partners']

// Names of storage accounts, apps and mail services are worldwide.
var token = uniqueString(resourceGroup().id, name)
// A storage account's is of small letters and digits.
var storage = toLower(replace(name, '-', ''))
var names = {
  app: '${name}-${token}'
  hostStorage: '${storage}h${token}'
  dataStorage: '${storage}d${token}'
  marketplaceStorage: '${storage}m${token}'
  mail: '${name}-mail-${token}'
  network: '${name}-network'
  insights: '${name}-insights'
}
// Names go to modules from here, not as outputs of other modules: what-if then knows each of them (docs/operations.md).
var deploymentContainer = 'app-packages'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: '${name}-identity'
  location: location
  tags: tags
}

module monitoring 'modules/monitoring.bicep' = {
  params: {
    name: name
    insightsName: names.insights
    location: location
    tags: tags
    logDays: logDays
    logGigabytesPerDay: logGigabytesPerDay
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  params: {
    networkName: names.network
    location: location
    tags: tags
    addresses: networkAddresses
    kinds: ['blob', 'queue', 'table']
  }
}

module hostStorage 'modules/host-storage.bicep' = {
  params: {
    accountName: names.hostStorage
    location: location
    tags: tags
    deploymentContainer: deploymentContainer
    queues: queues
    onlyPrivate: privateNetwork
  }
  // Nothing is closed before there is a way round.
  dependsOn: [network]
}

module dataStorage 'modules/data-storage.bicep' = {
  params: {
    accountName: names.dataStorage
    location: location
    tags: tags
    replication: dataReplication
    tables: tables
    exportContainer: exportContainer
    onlyPrivate: privateNetwork
    allowedAddresses: allowedAddresses
  }
  dependsOn: [network]
}

module furtherStorage 'modules/data-storage.bicep' = [
  for one in dataAccounts: {
    params: {
      accountName: one
      location: location
      tags: tags
      replication: dataReplication
      tables: partnerTables
      exportContainer: exportContainer
      onlyPrivate: privateNetwork
      allowedAddresses: allowedAddresses
    }
    dependsOn: [network]
  }
]

module marketplaceStorage 'modules/marketplace-storage.bicep' = if (!empty(marketplaceTables)) {
  params: {
    accountName: names.marketplaceStorage
    location: location
    tags: tags
    replication: marketplaceReplication
    tables: marketplaceTables
    keys: marketplaceKeys
  }
}

module hostEndpoints 'modules/private-endpoints.bicep' = if (privateNetwork) {
  params: {
    accountName: names.hostStorage
    kinds: ['blob', 'queue']
    networkName: names.network
    location: location
    tags: tags
  }
  dependsOn: [network, hostStorage]
}

module dataEndpoints 'modules/private-endpoints.bicep' = if (privateNetwork) {
  params: {
    accountName: names.dataStorage
    kinds: ['blob', 'table']
    networkName: names.network
    location: location
    tags: tags
  }
  // An account takes one change at a time.
  dependsOn: [network, dataStorage, exportLifecycle, directory]
}

module furtherEndpoints 'modules/private-endpoints.bicep' = [
  for one in dataAccounts: if (privateNetwork) {
    params: {
      accountName: one
      kinds: ['blob', 'table']
      networkName: names.network
      location: location
      tags: tags
    }
    dependsOn: [network, furtherStorage, furtherLifecycle]
  }
]

module exportLifecycle 'modules/export-lifecycle.bicep' = {
  params: {
    storageAccountName: names.dataStorage
    deleteAfterDays: exportKeptDays
  }
  dependsOn: [dataStorage]
}

module furtherLifecycle 'modules/export-lifecycle.bicep' = [
  for one in dataAccounts: {
    params: {
      storageAccountName: one
      deleteAfterDays: exportKeptDays
    }
    dependsOn: [furtherStorage]
  }
]

module mail 'modules/mail.bicep' = {
  params: {
    name: names.mail
    tags: tags
    dataLocation: dataLocation
    domainName: mailDomain
    domainVerified: mailDomainVerified
    senderName: mailSender
  }
}

module roles 'modules/roles.bicep' = {
  params: {
    identityId: identity.id
    principalId: identity.properties.principalId
    hostStorageName: names.hostStorage
    // Without such tables nothing is looked up there.
    marketplaceStorageName: empty(marketplaceTables) ? names.dataStorage : names.marketplaceStorage
    marketplaceTables: marketplaceTables
    communicationName: names.mail
    insightsName: names.insights
  }
  dependsOn: [hostStorage, dataStorage, marketplaceStorage, mail, monitoring]
}

module dataRoles 'modules/data-roles.bicep' = {
  params: {
    identityId: identity.id
    principalId: identity.properties.principalId
    dataStorageName: names.dataStorage
    ownTables: tables
    exportContainer: exportContainer
  }
  dependsOn: [dataStorage]
}

module furtherRoles 'modules/data-roles.bicep' = [
  for one in dataAccounts: {
    params: {
      identityId: identity.id
      principalId: identity.properties.principalId
      dataStorageName: one
      ownTables: partnerTables
      exportContainer: exportContainer
    }
    dependsOn: [furtherStorage]
  }
]

module directory 'modules/directory.bicep' = {
  params: {
    dataStorageName: names.dataStorage
    containerName: directoryContainer
    identityId: identity.id
    principalId: identity.properties.principalId
  }
  dependsOn: [dataStorage]
}

module app 'modules/function-app.bicep' = {
  params: {
    name: names.app
    location: location
    tags: tags
    identityId: identity.id
    identityClientId: identity.properties.clientId
    insightsName: names.insights
    hostStorageName: names.hostStorage
    deploymentContainer: deploymentContainer
    corsOrigins: corsOrigins
    instanceMemory: instanceMemory
    maximumInstances: maximumInstances
    alwaysReadyHttp: alwaysReadyHttp
    traceShare: traceShare
    subnetId: privateNetwork ? resourceId('Microsoft.Network/virtualNetworks/subnets', names.network, 'app') : ''
    settings: union(
      toObject(timers, timer => '${toUpper(timer.name)}_SCHEDULE', timer => timer.schedule),
      {
        LEADS_STORAGE_ACCOUNT: names.dataStorage
        LEADS_DATA_ACCOUNTS: join(dataAccounts, ',')
        LEADS_MARKETPLACE_ACCOUNT: empty(marketplaceTables) ? '' : names.marketplaceStorage
        LEADS_IDENTITY_CLIENT_ID: identity.properties.clientId
        LEADS_PUBLIC_URL: publicUrl
        LEADS_TOKEN_AUDIENCE: tokenAudience
        LEADS_OPERATOR_TENANT: operatorTenant
        LEADS_OPERATOR_MAIL: operatorMail
        LEADS_MAIL_ENDPOINT: mail.outputs.endpoint
        LEADS_MAIL_SENDER: mail.outputs.sender
        // The quotas of a domain; more has to be asked for, and then goes into settings.
        LEADS_MAILS_PER_MINUTE: empty(mailDomain) ? '5' : '30'
        LEADS_MAILS_PER_HOUR: empty(mailDomain) ? '10' : '100'
        LEADS_LEAD_URL: leadUrl
        LEADS_LEADS_URL: leadsUrl
        LEADS_EXPORT_KEPT_DAYS: string(exportKeptDays)
      },
      settings
    )
  }
  // The host takes its package and its leases from storage at its very first start.
  dependsOn: [roles, dataRoles, furtherRoles, directory, hostEndpoints, dataEndpoints, furtherEndpoints]
}

module alerts 'modules/alerts.bicep' = {
  params: {
    name: name
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    communicationName: names.mail
    mails: alertMails
    timers: timers
  }
  dependsOn: [mail]
}

module workbook 'modules/workbook.bicep' = {
  params: {
    name: name
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
  }
}

module reports 'modules/mail-reports.bicep' = if (mailReports) {
  params: {
    name: name
    tags: tags
    communicationName: names.mail
    appName: names.app
  }
  dependsOn: [mail, app]
}

@description('The function app, for the deployment of its code.')
output AZURE_FUNCTION_NAME string = names.app

@description('Where the interface is reached.')
output API_URL string = empty(publicUrl) ? 'https://${app.outputs.hostName}/api' : publicUrl

@description('The DNS records that mailDomain needs; of a managed domain there is nothing to do.')
output MAIL_DNS_RECORDS object = mail.outputs.dnsRecords
