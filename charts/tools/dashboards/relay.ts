import { type Dashboard, type Panel, processPanels, type ValueMapping } from './dashboard.ts';

/** Relay pods of the chosen RelayProxies, as alerts select them. */
const pods = 'namespace=~"$namespace",pod=~"($relayproxy)-relay-[^-]+-[^-]+"';
/** Metrics of the operator about the chosen RelayProxies. */
const fleets = 'namespace=~"$namespace",name=~"$relayproxy"';

const rate = (metric: string, by: string, more = '') =>
  `sum by (${by}) (rate(${metric}{${pods}${more}}[$__rate_interval]))`;
const quantile = (q: number, metric: string, by?: string) =>
  `histogram_quantile(${q}, ${rate(`${metric}_bucket`, by === undefined ? 'le' : `le, ${by}`)})`;
const stat = (title: string, description: string, expr: string): Panel => ({
  title,
  description,
  unit: 'short',
  kind: 'stat',
  queries: [{ expr, legend: title }],
});

const upOrDown: readonly ValueMapping[] = [
  { text: 'down', color: 'red' },
  { text: 'up', color: 'green' },
];
const linkStates: readonly ValueMapping[] = [
  { text: 'VALID', color: 'green' },
  { text: 'INITIALIZING', color: 'blue' },
  { text: 'INTERRUPTED', color: 'orange' },
  { text: 'OFF', color: 'red' },
];
/** The worst state of any pod as a number, in the order of {@link linkStates}. */
const worstState = `max by (environment) (${linkStates
  .map(({ text }, index) => `${index} * flagrelay_upstream_state{${pods},state="${text}"}`)
  .join(' or ')})`;

/** Dashboard of fleets of relays: requests, streams, upstream, events, store, process. */
export const relayDashboard: Dashboard = {
  uid: 'flagrelay-relay',
  title: 'flagrelay / Relays',
  description: 'Fleets of relays, by namespace and RelayProxy.',
  variables: [
    { name: 'namespace', label: 'Namespace', query: 'label_values(flagrelay_ready, namespace)' },
    {
      name: 'relayproxy',
      label: 'RelayProxy',
      query: 'label_values(flagrelay_relayproxy_info{namespace=~"$namespace"}, name)',
    },
  ],
  rows: [
    {
      title: 'Now',
      panels: [
        stat('Ready pods', 'Pods that take connections.', `sum(flagrelay_ready{${pods}})`),
        stat(
          'Pods that there should be',
          'Over all chosen fleets, as the operator wants it.',
          `sum(max by (namespace, name) (flagrelay_relayproxy_desired_replicas{${fleets}}))`,
        ),
        stat('Open streams', 'SDKs that are connected.', `sum(flagrelay_streams{${pods}})`),
        stat(
          'Environments without connection',
          'Connected in none of the pods.',
          `count(max by (namespace, environment) (flagrelay_environment_connected{${pods}}) == 0) or vector(0)`,
        ),
      ],
    },
    {
      title: 'Requests',
      panels: [
        {
          title: 'Requests by endpoint',
          description: 'Answers a second. A stream counts once, when it opens.',
          unit: 'reqps',
          queries: [{ expr: rate('flagrelay_http_requests_total', 'route'), legend: '{{route}}' }],
        },
        {
          title: 'Errors by endpoint',
          description: 'Share of answers with status 5xx.',
          unit: 'percentunit',
          queries: [
            {
              expr: `${rate('flagrelay_http_requests_total', 'route', ',status=~"5.."')} / ${rate('flagrelay_http_requests_total', 'route')}`,
              legend: '{{route}}',
            },
          ],
        },
        {
          title: 'Time to answer',
          description: 'From the head of the request to the end of the answer, without streams.',
          unit: 's',
          queries: [
            { expr: quantile(0.5, 'flagrelay_http_request_duration_seconds'), legend: 'median' },
            { expr: quantile(0.99, 'flagrelay_http_request_duration_seconds', 'route'), legend: 'p99 {{route}}' },
          ],
        },
      ],
    },
    {
      title: 'Streams',
      panels: [
        {
          title: 'Streams by platform',
          description: 'Open streams of server, mobile and browser SDKs.',
          unit: 'short',
          queries: [{ expr: `sum by (platform) (flagrelay_streams{${pods}})`, legend: '{{platform}}' }],
        },
        {
          title: 'Streams by pod',
          description: 'Far apart for long: connections are not balanced.',
          unit: 'short',
          queries: [{ expr: `sum by (pod) (flagrelay_streams{${pods}})`, legend: '{{pod}}' }],
        },
        {
          title: 'Opened, cut, turned away',
          description: 'Cut: the client did not read. Turned away: too many were being opened at once.',
          unit: 'reqps',
          queries: [
            { expr: rate('flagrelay_streams_opened_total', 'platform'), legend: 'opened {{platform}}' },
            { expr: `sum(rate(flagrelay_streams_cut_total{${pods}}[$__rate_interval]))`, legend: 'cut' },
            { expr: `sum(rate(flagrelay_streams_shed_total{${pods}}[$__rate_interval]))`, legend: 'turned away' },
          ],
        },
        {
          title: 'Upstream to SDK',
          description: 'Time from the message of upstream to the write to all streams.',
          unit: 's',
          queries: [
            { expr: quantile(0.5, 'flagrelay_propagation_seconds'), legend: 'median' },
            { expr: quantile(0.99, 'flagrelay_propagation_seconds'), legend: 'p99' },
          ],
        },
      ],
    },
    {
      title: 'Upstream',
      panels: [
        {
          title: 'State by environment',
          description: 'The worst state that any pod has.',
          unit: 'short',
          kind: 'state-timeline',
          states: linkStates,
          queries: [{ expr: worstState, legend: '{{environment}}' }],
        },
        {
          title: 'Age of data',
          description: 'Since upstream last sent anything; it sends a sign of life every few minutes.',
          unit: 's',
          queries: [{ expr: `max by (environment) (flagrelay_data_age_seconds{${pods}})`, legend: '{{environment}}' }],
        },
      ],
    },
    {
      title: 'Analytics events',
      panels: [
        {
          title: 'Received and forwarded',
          description: 'Events a second. Where events are summarised, fewer are forwarded than received.',
          unit: 'cps',
          queries: [
            { expr: rate('flagrelay_events_received_total', 'environment'), legend: 'received {{environment}}' },
            { expr: rate('flagrelay_events_forwarded_total', 'environment'), legend: 'forwarded {{environment}}' },
          ],
        },
        {
          title: 'Lost',
          description: 'Events a second that were dropped, by reason.',
          unit: 'cps',
          queries: [
            {
              expr: rate('flagrelay_events_dropped_total', 'environment, reason'),
              legend: '{{environment}} {{reason}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Data store',
      panels: [
        {
          title: 'Time of calls',
          description: 'p99 of what is asked of the database, by operation.',
          unit: 's',
          queries: [
            { expr: quantile(0.99, 'flagrelay_store_operation_seconds', 'operation'), legend: '{{operation}}' },
          ],
        },
        {
          title: 'Store by environment',
          description: 'Down: it cannot be used in some pod; memory serves.',
          unit: 'short',
          kind: 'state-timeline',
          states: upOrDown,
          queries: [{ expr: `min by (environment) (flagrelay_store_up{${pods}})`, legend: '{{environment}}' }],
        },
      ],
    },
    {
      title: 'Processes',
      panels: processPanels(pods, 'p99; long lags delay every stream of the pod.'),
    },
  ],
};
