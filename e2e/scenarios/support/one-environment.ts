import type { StandIn } from '../../upstream/start.ts';

/** Secret and RelayProxy of one environment that streams from a stand-in; `spec` goes over it. */
export function oneEnvironment(standIn: StandIn, sdkKey: string, spec: object = {}): object[] {
  return [
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys' }, stringData: { 'sdk-key': sdkKey } },
    {
      apiVersion: 'flagrelay.dev/v1alpha1',
      kind: 'RelayProxy',
      metadata: { name: 'relay' },
      spec: {
        replicas: 3,
        environments: [{ name: 'production', sdkKeyRef: { name: 'keys', key: 'sdk-key' } }],
        upstream: { streamURI: standIn.url, baseURI: standIn.url, disconnectedAfterSeconds: 10 },
        ...spec,
      },
    },
  ];
}
