/** Names under which the API server knows the resource. */
export const names = {
  kind: 'RelayProxy',
  listKind: 'RelayProxyList',
  plural: 'relayproxies',
  singular: 'relayproxy',
  shortNames: ['rp'],
  categories: ['relay'],
} as const;
