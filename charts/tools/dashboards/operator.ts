import { type Dashboard, processPanels } from './dashboard.ts';

const pods = 'namespace=~"$namespace",pod=~"$pod"';
const rate = (metric: string, by: string) => `sum by (${by}) (rate(${metric}{${pods}}[$__rate_interval]))`;
const p99 = (metric: string, by: string) => `histogram_quantile(0.99, ${rate(`${metric}_bucket`, `le, ${by}`)})`;
/** Every operator reports all RelayProxies; each counts once. */
const once = (metric: string, by: string) => `max by (namespace, name, ${by}) (${metric})`;

/** Dashboard of the operator: RelayProxies, reconciles, queue, API client, leader, process. */
export const operatorDashboard: Dashboard = {
  uid: 'flagrelay-operator',
  title: 'flagrelay / Operator',
  description: 'The operator, and the RelayProxies that it manages.',
  variables: [
    {
      name: 'namespace',
      label: 'Namespace',
      query: 'label_values(controller_runtime_max_concurrent_reconciles, namespace)',
    },
    { name: 'pod', label: 'Pod', query: 'label_values(leader_election_master_status{namespace=~"$namespace"}, pod)' },
  ],
  rows: [
    {
      title: 'RelayProxies',
      panels: [
        {
          title: 'By condition that does not hold',
          description:
            'Progressing is False while a rollout is stuck, Paused while the operator works; look at the others.',
          unit: 'short',
          queries: [
            {
              expr: `count by (type) (${once('flagrelay_relayproxy_condition{status="False",type!="Paused"}', 'type')} == 1)`,
              legend: '{{type}}',
            },
          ],
        },
        {
          title: 'Ready and not',
          description: 'RelayProxies by the status of the condition Ready.',
          unit: 'short',
          queries: [
            {
              expr: `count by (status) (${once('flagrelay_relayproxy_condition{type="Ready"}', 'status')} == 1)`,
              legend: '{{status}}',
            },
          ],
        },
        {
          title: 'Environments by state',
          description: 'Over all RelayProxies.',
          unit: 'short',
          queries: [
            { expr: `sum by (state) (${once('flagrelay_relayproxy_environments', 'state')})`, legend: '{{state}}' },
          ],
        },
        {
          title: 'Versions',
          description: 'RelayProxies by the version that their pods run.',
          unit: 'short',
          queries: [
            { expr: `count by (version) (${once('flagrelay_relayproxy_info', 'version')})`, legend: '{{version}}' },
          ],
        },
      ],
    },
    {
      title: 'Reconciles',
      panels: [
        {
          title: 'Rate by result',
          description: 'An idle fleet is looked at, and nothing is written.',
          unit: 'ops',
          queries: [
            {
              expr: rate('controller_runtime_reconcile_total', 'controller, result'),
              legend: '{{controller}} {{result}}',
            },
          ],
        },
        {
          title: 'Errors',
          description: 'Failed, failed for good, too slow, and failed by a programming error.',
          unit: 'ops',
          queries: [
            { expr: rate('controller_runtime_reconcile_errors_total', 'controller'), legend: '{{controller}} errors' },
            {
              expr: rate('controller_runtime_terminal_reconcile_errors_total', 'controller'),
              legend: '{{controller}} for good',
            },
            {
              expr: rate('controller_runtime_reconcile_timeouts_total', 'controller'),
              legend: '{{controller}} too slow',
            },
            { expr: rate('controller_runtime_reconcile_panics_total', 'controller'), legend: '{{controller}} bugs' },
          ],
        },
        {
          title: 'Duration',
          description: 'p99 of one reconcile.',
          unit: 's',
          queries: [{ expr: p99('controller_runtime_reconcile_time_seconds', 'controller'), legend: '{{controller}}' }],
        },
      ],
    },
    {
      title: 'Done by itself',
      panels: [
        {
          title: 'Changes of the number of pods',
          description: 'Scaling on connections, by direction.',
          unit: 'ops',
          queries: [{ expr: rate('flagrelay_operator_scalings_total', 'direction'), legend: '{{direction}}' }],
        },
        {
          title: 'Pods restarted and asked',
          description:
            'Stuck pods that were to be restarted, and silent pods that were asked for their status, by result.',
          unit: 'ops',
          queries: [
            { expr: rate('flagrelay_operator_instance_restarts_total', 'result'), legend: 'restarts {{result}}' },
            { expr: rate('flagrelay_operator_status_polls_total', 'result'), legend: 'asked {{result}}' },
          ],
        },
        {
          title: 'Streams spread again',
          description: 'Times that pods were asked to close some of their streams.',
          unit: 'ops',
          queries: [
            { expr: `sum(rate(flagrelay_operator_rebalances_total{${pods}}[$__rate_interval]))`, legend: 'rebalances' },
          ],
        },
      ],
    },
    {
      title: 'Queue',
      panels: [
        {
          title: 'Depth and workers',
          description: 'Keys that wait, and workers that are busy.',
          unit: 'short',
          queries: [
            { expr: `sum by (controller) (workqueue_depth{${pods}})`, legend: '{{controller}} waiting' },
            {
              expr: `sum by (controller) (controller_runtime_active_workers{${pods}})`,
              legend: '{{controller}} busy workers',
            },
          ],
        },
        {
          title: 'Wait and longest work',
          description: 'p99 of the time that a key waits, and the work that has gone on longest.',
          unit: 's',
          queries: [
            { expr: p99('workqueue_queue_duration_seconds', 'controller'), legend: '{{controller}} wait' },
            {
              expr: `max by (controller) (workqueue_longest_running_processor_seconds{${pods}})`,
              legend: '{{controller}} longest work',
            },
          ],
        },
        {
          title: 'Adds and retries',
          description: 'Retries follow failures.',
          unit: 'ops',
          queries: [
            { expr: rate('workqueue_adds_total', 'controller'), legend: '{{controller}} adds' },
            { expr: rate('workqueue_retries_total', 'controller'), legend: '{{controller}} retries' },
          ],
        },
      ],
    },
    {
      title: 'API server',
      panels: [
        {
          title: 'Requests by answer',
          description: '409 is a conflict and tried again; 403 is a permission that is missing.',
          unit: 'reqps',
          queries: [{ expr: rate('rest_client_requests_total', 'code, method'), legend: '{{method}} {{code}}' }],
        },
        {
          title: 'Time to answer',
          description: 'p99 by verb, without watches.',
          unit: 's',
          queries: [{ expr: p99('rest_client_request_duration_seconds', 'verb'), legend: '{{verb}}' }],
        },
        {
          title: 'Ends of watches',
          description: 'By cause; the API server ends each after some minutes.',
          unit: 'ops',
          queries: [{ expr: rate('reflector_watch_ends_total', 'cause'), legend: '{{cause}}' }],
        },
        {
          title: 'Objects in caches',
          description: 'By kind.',
          unit: 'short',
          queries: [{ expr: `max by (kind) (reflector_cached_objects{${pods}})`, legend: '{{kind}}' }],
        },
      ],
    },
    {
      title: 'Processes',
      panels: [
        {
          title: 'Leader',
          description: 'The operator that acts; the others wait.',
          unit: 'short',
          kind: 'state-timeline',
          states: [
            { text: 'waits', color: 'blue' },
            { text: 'leads', color: 'green' },
          ],
          queries: [{ expr: `max by (pod) (leader_election_master_status{${pods}})`, legend: '{{pod}}' }],
        },
        ...processPanels(pods, 'p99; a lag of seconds endangers the Lease.'),
      ],
    },
  ],
};
