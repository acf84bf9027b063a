// What operators look at: the queries of infra/queries, in one workbook and saved in the workspace one by one.

@description('Begins the names.')
param name string

@description('The region.')
param location string

@description('Tags of the resources.')
param tags { *: string }

@description('The Log Analytics workspace.')
param workspaceId string

var queries = [
  {
    name: 'what-waits-for-people'
    title: 'What waits for people'
    what: 'Parked deliveries, parked input, disabled webhooks, bounces and hints of the agenda that fail.'
    shown: 'table'
    body: loadTextContent('../queries/what-waits-for-people.kql')
  }
  {
    name: 'intake'
    title: 'Intake'
    what: 'Deliveries by door and outcome.'
    shown: 'timechart'
    body: loadTextContent('../queries/intake.kql')
  }
  {
    name: 'transitions'
    title: 'Transitions'
    what: 'Events of leads by type.'
    shown: 'timechart'
    body: loadTextContent('../queries/transitions.kql')
  }
  {
    name: 'deliveries'
    title: 'Deliveries'
    what: 'Webhook calls and mails by outcome.'
    shown: 'timechart'
    body: loadTextContent('../queries/deliveries.kql')
  }
  {
    name: 'delivery-lag'
    title: 'Delivery lag'
    what: 'Seconds from an event to its delivery.'
    shown: 'timechart'
    body: loadTextContent('../queries/delivery-lag.kql')
  }
  {
    name: 'agenda-lag'
    title: 'Agenda lag'
    what: 'For how many seconds the oldest row of each kind has been due.'
    shown: 'timechart'
    body: loadTextContent('../queries/agenda-lag.kql')
  }
  {
    name: 'backlog'
    title: 'Backlog'
    what: 'What is due and not done.'
    shown: 'timechart'
    body: loadTextContent('../queries/backlog.kql')
  }
  {
    name: 'receivers-that-fail'
    title: 'Receivers that fail'
    what: 'Webhooks with failed attempts.'
    shown: 'table'
    body: loadTextContent('../queries/receivers-that-fail.kql')
  }
  {
    name: 'timers'
    title: 'Timers'
    what: 'Runs of timers and events, and when the last one was.'
    shown: 'table'
    body: loadTextContent('../queries/timers.kql')
  }
  {
    name: 'slow-storage'
    title: 'Storage'
    what: 'Requests to storage, those that failed, and the 95th percentile of their duration, as far as they are traced.'
    shown: 'timechart'
    body: loadTextContent('../queries/slow-storage.kql')
  }
  {
    name: 'follow-a-request'
    title: 'Follow a request'
    what: 'Everything that one request caused, through the agenda to the receivers.'
    shown: 'table'
    body: loadTextContent('../queries/follow-a-request.kql')
  }
]

var parameters = {
  type: 9
  name: 'parameters'
  content: {
    version: 'KqlParameterItem/1.0'
    parameters: [
      {
        version: 'KqlParameterItem/1.0'
        name: 'Time'
        type: 4
        value: { durationMs: 86400000 }
        typeSettings: { selectableValues: [{ durationMs: 3600000 }, { durationMs: 86400000 }, { durationMs: 604800000 }] }
      }
      {
        version: 'KqlParameterItem/1.0'
        name: 'Request'
        label: 'Request to follow'
        type: 1
        value: ''
      }
    ]
  }
}
var charts = map(queries, query => {
  type: 3
  name: query.name
  content: {
    version: 'KqlItem/1.0'
    title: '${query.title}: ${query.what}'
    // The id in the saved query becomes the workbook's parameter.
    query: replace(query.body, '00000000-0000-0000-0000-000000000000', '{Request}')
    size: 0
    timeContextFromParameter: 'Time'
    queryType: 0
    resourceType: 'microsoft.operationalinsights/workspaces'
    visualization: query.shown
  }
})

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, name, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: '${name}: partner leads'
    category: 'workbook'
    sourceId: workspaceId
    version: 'Notebook/1.0'
    serializedData: string({
      version: 'Notebook/1.0'
      items: concat([parameters], charts)
      fallbackResourceIds: [workspaceId]
    })
  }
}

resource pack 'Microsoft.OperationalInsights/queryPacks@2025-07-01' = {
  name: '${name}-queries'
  location: location
  tags: tags
  properties: {}
}

resource saved 'Microsoft.OperationalInsights/queryPacks/queries@2025-07-01' = [
  for query in queries: {
    parent: pack
    name: guid(resourceGroup().id, name, query.name)
    properties: {
      displayName: query.title
      description: query.what
      body: query.body
      related: {
        resourceTypes: ['microsoft.operationalinsights/workspaces', 'microsoft.insights/components']
      }
    }
  }
]
