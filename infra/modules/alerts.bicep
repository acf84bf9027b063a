// Mails the operators when something waits that nobody looks at. Each rule counts the rows of its query and fires on any.
// What waits for people resolves by people: such a rule mails again for what is new, and never says that it is over.

@description('Begins the names.')
param name string

@description('The region.')
param location string

@description('Tags of the resources.')
param tags { *: string }

@description('The Log Analytics workspace.')
param workspaceId string

@description('The Communication Services resource.')
param communicationName string

@description('Who is mailed.')
param mails string[]

@description('The timers, each with name and late, the minutes without a good run that are too many.')
param timers array

@description('The share of answered requests that may fail on our side, in percent.')
param failedPercent int = 5

@description('How many minutes a row of the agenda may be overdue.')
param overdueMinutes int = 60

@description('How many mails may bounce in an hour.')
param bouncesPerHour int = 5

// The app writes what an event is about as JSON behind the message, since the host keeps nothing else of a log record.
var events = 'AppTraces | extend said = parse_json(extract(@"(\\{.*\\})\\s*$", 1, Message)) | extend event = tostring(said.event)'
var timerRows = join(map(timers, timer => '"${timer.name}", ${timer.late}'), ', ')

// What the app's role on mail allows and the app never does (roles.bicep). A deployment writes the resource as well.
var mailOperations = [
  'Microsoft.Communication/CommunicationServices/write'
  'Microsoft.Communication/CommunicationServices/delete'
  'Microsoft.Communication/CommunicationServices/ListKeys/action'
  'Microsoft.Communication/CommunicationServices/RegenerateKey/action'
]

var rules = [
  {
    name: 'parked-deliveries'
    what: 'Events for a webhook were parked after three days of failures (W2). Resend them when the receiver is well again.'
    severity: 2
    resolves: false
    every: 'PT15M'
    window: 'PT15M'
    query: '${events} | where event == "delivery.parked"'
  }
  {
    name: 'parked-input'
    what: 'A submission could not be read or has no partner, and waits for the operator.'
    severity: 2
    resolves: false
    every: 'PT15M'
    window: 'PT15M'
    query: '${events} | where event == "held.parked"'
  }
  {
    name: 'poison-messages'
    what: 'A queue\'s message failed until the host gave it up, or could not be read. Timers find the work; look why it failed.'
    severity: 2
    resolves: false
    every: 'PT15M'
    window: 'PT15M'
    // The host's own words, at Warning: it alone sees a message that no function was given. There is no metric to ask in
    // their place: QueueMessageCount is of the whole account, and is taken once a day.
    query: 'AppTraces | where Message startswith "Message has reached MaxDequeueCount of"'
  }
  {
    name: 'timer-late'
    what: 'A timer has had no good run for too long.'
    severity: 1
    resolves: true
    every: 'PT15M'
    window: 'PT3H'
    query: 'AppRequests | where Success | summarize lastRun = max(TimeGenerated) by Name | join kind=rightouter (datatable(Timer: string, late: int)[${timerRows}]) on $left.Name == $right.Timer | where isnull(lastRun) or lastRun < ago(late * 1m) | project Timer, lastRun'
  }
  {
    name: 'server-errors'
    what: 'Too many requests fail on our side.'
    severity: 1
    resolves: true
    every: 'PT5M'
    window: 'PT15M'
    // Timers and events have no HTTP status. Ten failures at least, so that one of two is no alarm.
    query: 'AppRequests | extend status = toint(ResultCode) | where status >= 100 | summarize failed = sumif(ItemCount, status >= 500), answered = sum(ItemCount) | where failed >= 10 and failed * 100 >= answered * ${failedPercent}'
  }
  {
    name: 'agenda-overdue'
    what: 'Something due is not done: the agenda\'s oldest row is overdue for long.'
    severity: 1
    resolves: true
    every: 'PT15M'
    window: 'PT30M'
    query: '${events} | where event == "agenda.oldest" | summarize arg_max(TimeGenerated, said) | where toint(said.overdueSeconds) > ${overdueMinutes * 60}'
  }
  {
    name: 'mail-bounces'
    what: 'Many mails bounce, which costs the sending domain its reputation.'
    severity: 2
    resolves: false
    every: 'PT15M'
    window: 'PT1H'
    query: '${events} | where event == "mail.bounced" | summarize bounced = sum(ItemCount) | where bounced > ${bouncesPerHour}'
  }
]

resource communication 'Microsoft.Communication/communicationServices@2025-09-01' existing = {
  name: communicationName
}

resource operators 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${name}-operators'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'operators'
    enabled: true
    emailReceivers: [
      for mail in mails: {
        name: mail
        emailAddress: mail
        useCommonAlertSchema: true
      }
    ]
  }
}

resource alert 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for rule in rules: {
    name: '${name}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${name}: ${rule.name}'
      description: rule.what
      severity: rule.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: rule.every
      windowSize: rule.window
      // A new workspace has no tables until the app has written to them.
      skipQueryValidation: true
      autoMitigate: rule.resolves
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: {
        actionGroups: [operators.id]
      }
    }
  }
]

// From Azure's own log, which nobody can leave out or change.
resource mailKeys 'Microsoft.Insights/activityLogAlerts@2020-10-01' = {
  name: '${name}-mail-keys'
  location: 'global'
  tags: tags
  properties: {
    description: 'Somebody changed the mail service, read its keys or made new ones. A deployment does the first; nobody should do more.'
    enabled: true
    scopes: [communication.id]
    condition: {
      allOf: [
        {
          field: 'category'
          equals: 'Administrative'
        }
        {
          field: 'status'
          equals: 'Succeeded'
        }
        {
          anyOf: map(mailOperations, operation => { field: 'operationName', equals: operation })
        }
      ]
    }
    actions: {
      actionGroups: [
        {
          actionGroupId: operators.id
        }
      ]
    }
  }
}
