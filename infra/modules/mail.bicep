// Communication Services with a mail domain: one that Azure manages, or one's own once its DNS records are verified.

@description('Begins the names.')
param name string

@description('Tags of the resources.')
param tags { *: string }

@description('The geography in which mails are kept.')
param dataLocation string

@description('The domain mails come from; empty = one that Azure manages.')
param domainName string

@description('Whether the domain is verified.')
param domainVerified bool

@description('The part before the @; every domain has DoNotReply.')
param senderName string

var managed = empty(domainName)
// A domain that is not verified cannot be linked; until then the app has no endpoint and lets its mails wait.
var usable = managed || domainVerified
// Another sender is refused to domains with the usual quota, and to managed ones always.
var named = !managed && senderName != 'DoNotReply'

resource emailService 'Microsoft.Communication/emailServices@2025-09-01' = {
  name: name
  location: 'global'
  tags: tags
  properties: {
    dataLocation: dataLocation
  }
}

resource domain 'Microsoft.Communication/emailServices/domains@2025-09-01' = {
  parent: emailService
  name: managed ? 'AzureManagedDomain' : domainName
  location: 'global'
  tags: tags
  properties: {
    domainManagement: managed ? 'AzureManaged' : 'CustomerManaged'
    // Opened mails and clicked links are nobody's business.
    userEngagementTracking: 'Disabled'
  }
}

resource sender 'Microsoft.Communication/emailServices/domains/senderUsernames@2025-09-01' = if (named && domainVerified) {
  parent: domain
  name: senderName
  properties: {
    username: senderName
    displayName: senderName
  }
}

resource communication 'Microsoft.Communication/communicationServices@2025-09-01' = {
  name: name
  location: 'global'
  tags: tags
  properties: {
    dataLocation: dataLocation
    disableLocalAuth: true
    linkedDomains: usable ? [domain.id] : []
  }
}

@description('Where mails are handed in; empty while there is no usable domain.')
output endpoint string = usable ? 'https://${communication.properties.hostName}' : ''

@description('The address mails come from.')
output sender string = '${named ? senderName : 'DoNotReply'}@${domain.properties.fromSenderDomain}'

@description('The DNS records that the domain needs.')
output dnsRecords object = managed ? {} : (domain.properties.verificationRecords)
