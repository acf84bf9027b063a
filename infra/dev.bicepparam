// A deployment to try things out: cheap, with a mail domain that Azure manages. Values come from the environment (azd env set).
using 'main.bicep'

param name = 'leadsdev'
param tags = { environment: 'dev' }
param dataReplication = 'Standard_LRS'
param logGigabytesPerDay = 1
param traceShare = '1'
param instanceMemory = 512
param tokenAudience = readEnvironmentVariable('TOKEN_AUDIENCE')
param operatorTenant = readEnvironmentVariable('OPERATOR_TENANT', '')
param operatorMail = readEnvironmentVariable('OPERATOR_MAIL', '')
param corsOrigins = ['http://localhost:5173']
// azure.yaml sets it once the code is there.
param mailReports = bool(readEnvironmentVariable('MAIL_REPORTS', 'false'))
