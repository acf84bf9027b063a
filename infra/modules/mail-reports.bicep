// Tells the function mail_reports what became of mails. Event Grid checks that the function exists, so this is deployed
// after the code. It asks the app for its key itself: none is written down here. Reports that are lost are only late: the
// app also asks for each mail's state, so there is no container of dead letters, which would hold addresses.

@description('Begins the name.')
param name string

@description('Tags of the topic.')
param tags { *: string }

@description('The Communication Services resource.')
param communicationName string

@description('The function app.')
param appName string

resource communication 'Microsoft.Communication/communicationServices@2025-09-01' existing = {
  name: communicationName
}

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: '${name}-mail-events'
  location: 'global'
  tags: tags
  properties: {
    source: communication.id
    topicType: 'Microsoft.Communication.CommunicationServices'
  }

  resource reports 'eventSubscriptions' = {
    name: 'mail-reports'
    properties: {
      eventDeliverySchema: 'EventGridSchema'
      filter: {
        includedEventTypes: ['Microsoft.Communication.EmailDeliveryReportReceived']
      }
      destination: {
        endpointType: 'AzureFunction'
        properties: {
          resourceId: '${app.id}/functions/mail_reports'
          maxEventsPerBatch: 1
          preferredBatchSizeInKilobytes: 64
        }
      }
      retryPolicy: {
        maxDeliveryAttempts: 30
        eventTimeToLiveInMinutes: 1440
      }
    }
  }
}
