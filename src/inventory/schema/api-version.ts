/** The `apiVersion` of specs, inventories and plans that this program reads and writes. */
export const API_VERSION = 'stratos/v1';
