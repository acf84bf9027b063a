// Deletes export files a day after they were written (X1–X5). The app deletes them a day after they were asked
// for, with their jobs; this rule stands behind it, so that a file outlives no failure of the app.

@description('The storage account that holds the export files.')
param storageAccountName string

@description('The age in days at which a file goes, as LEADS_EXPORT_KEPT_DAYS.')
@minValue(1)
param deleteAfterDays int = 1

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: storageAccountName
}

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-08-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'delete-old-exports'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: {
              blobTypes: ['blockBlob']
              prefixMatch: ['exports/']
            }
            actions: {
              baseBlob: {
                delete: {
                  daysAfterModificationGreaterThan: deleteAfterDays
                }
              }
            }
          }
        }
      ]
    }
  }
}
