// The programme itself: data in three zones and a second region, mail from a domain of its own, one instance always awake.
using 'main.bicep'

param name = 'leads'
param tags = { environment: 'prod' }
param dataReplication = 'Standard_GZRS'
param logDays = 90
param alwaysReadyHttp = 1
param mailDomain = readEnvironmentVariable('MAIL_DOMAIN')
param mailDomainVerified = bool(readEnvironmentVariable('MAIL_DOMAIN_VERIFIED', 'false'))
param tokenAudience = readEnvironmentVariable('TOKEN_AUDIENCE')
param operatorTenant = readEnvironmentVariable('OPERATOR_TENANT')
param operatorMail = readEnvironmentVariable('OPERATOR_MAIL')
param alertMails = [readEnvironmentVariable('OPERATOR_MAIL')]
param corsOrigins = [readEnvironmentVariable('PORTAL_ORIGIN')]
param leadUrl = readEnvironmentVariable('LEAD_URL', '')
param leadsUrl = readEnvironmentVariable('LEADS_URL', '')
param privateNetwork = bool(readEnvironmentVariable('PRIVATE_NETWORK', 'false'))
param mailReports = bool(readEnvironmentVariable('MAIL_REPORTS', 'false'))
