/** What Azure Resource Manager takes in one deployment. */

/** https://learn.microsoft.com/azure/azure-resource-manager/templates/best-practices */
export const MAX_RESOURCES = 800;
export const MAX_TEMPLATE_BYTES = 4 * 1024 * 1024;
