/** A series as `promtool test rules` writes it: samples a minute apart. */
export type Series = Readonly<Record<string, string>>;

/** When an alert must fire, and when it must not. */
export interface AlertCase {
  readonly alert: string;
  /** Time at which it is looked at, such as `12m`. */
  readonly at: string;
  readonly fires: Series;
  /** Labels of the alert beside those of its group. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Each by why it must not fire. */
  readonly quiet: Readonly<Record<string, Series>>;
}

const fleet = (metric: string, more = '') => `flagrelay_relayproxy_${metric}{namespace="team",name="demo"${more}}`;
const relay = (metric: string, pod: string, more = '') =>
  `flagrelay_${metric}{namespace="team",pod="demo-relay-7c9d5-${pod}"${more}}`;
const operator = (metric: string, pod: string, more = '') =>
  `${metric}{namespace="ops",pod="flagrelay-5d8f7-${pod}"${more}}`;
const environment = ',environment="production"';
const reconciles = ',controller="relayproxy"';

/** For every alert at least one case in which it fires, and why it may be quiet. */
export const alertCases: readonly AlertCase[] = [
  {
    alert: 'RelayProxyDown',
    at: '5m',
    fires: { [fleet('ready_replicas')]: '0x20', [fleet('desired_replicas')]: '3x20' },
    quiet: {
      'one pod is ready': { [fleet('ready_replicas')]: '1x20', [fleet('desired_replicas')]: '3x20' },
      'none is wanted': { [fleet('ready_replicas')]: '0x20', [fleet('desired_replicas')]: '0x20' },
      'a moment only': { [fleet('ready_replicas')]: '3x4 0x20', [fleet('desired_replicas')]: '3x20' },
      'another RelayProxy': {
        'flagrelay_relayproxy_ready_replicas{namespace="team",name="other"}': '0x20',
        'flagrelay_relayproxy_desired_replicas{namespace="team",name="other"}': '3x20',
      },
    },
  },
  {
    alert: 'RelayProxyBelowBudget',
    at: '12m',
    fires: { [fleet('ready_replicas')]: '1x20', [fleet('minimum_replicas')]: '2x20' },
    quiet: { 'as many as asked for': { [fleet('ready_replicas')]: '2x20', [fleet('minimum_replicas')]: '2x20' } },
  },
  {
    alert: 'RelayEnvironmentDisconnected',
    at: '6m',
    fires: {
      [relay('environment_connected', 'a', environment)]: '0x20',
      [relay('environment_connected', 'b', environment)]: '0x20',
    },
    labels: { environment: 'production' },
    quiet: {
      'connected in one pod': {
        [relay('environment_connected', 'a', environment)]: '0x20',
        [relay('environment_connected', 'b', environment)]: '1x20',
      },
      'a RelayProxy whose name begins alike': {
        'flagrelay_environment_connected{namespace="team",pod="demo-relay-two-relay-7c9d5-a",environment="x"}': '0x20',
      },
    },
  },
  {
    alert: 'RelayEnvironmentInvalidKey',
    at: '2m',
    fires: { [relay('upstream_state', 'a', `${environment},state="OFF"`)]: '1x20' },
    labels: { environment: 'production' },
    quiet: {
      'another state': {
        [relay('upstream_state', 'a', `${environment},state="OFF"`)]: '0x20',
        [relay('upstream_state', 'a', `${environment},state="INTERRUPTED"`)]: '1x20',
      },
    },
  },
  {
    alert: 'RelayStoreInterrupted',
    at: '6m',
    fires: { [relay('store_up', 'a', environment)]: '0x20', [relay('store_up', 'b', environment)]: '1x20' },
    labels: { environment: 'production' },
    quiet: { 'up everywhere': { [relay('store_up', 'a', environment)]: '1x20' } },
  },
  {
    alert: 'RelayErrorRate',
    at: '20m',
    fires: {
      [relay('ready', 'a')]: '1x30',
      [relay('http_requests_total', 'a', ',route="sdk_evalx",status="200"')]: '0+960x30',
      [relay('http_requests_total', 'a', ',route="sdk_evalx",status="500"')]: '0+40x30',
    },
    quiet: {
      'few errors': {
        [relay('ready', 'a')]: '1x30',
        [relay('http_requests_total', 'a', ',route="sdk_evalx",status="200"')]: '0+9999x30',
        [relay('http_requests_total', 'a', ',route="sdk_evalx",status="500"')]: '0+1x30',
      },
      '503 of a pod that has no data yet': {
        [relay('ready', 'a')]: '0x30',
        [relay('http_requests_total', 'a', ',route="sdk_evalx",status="503"')]: '0+100x30',
      },
      'errors of the client': {
        [relay('ready', 'a')]: '1x30',
        [relay('http_requests_total', 'a', ',route="sdk_evalx",status="401"')]: '0+100x30',
      },
    },
  },
  {
    alert: 'RelayPropagationSlow',
    at: '20m',
    fires: {
      [relay('propagation_seconds_bucket', 'a', ',le="1"')]: '0+50x30',
      [relay('propagation_seconds_bucket', 'a', ',le="2.5"')]: '0+100x30',
      [relay('propagation_seconds_bucket', 'a', ',le="+Inf"')]: '0+100x30',
    },
    quiet: {
      quick: {
        [relay('propagation_seconds_bucket', 'a', ',le="0.01"')]: '0+100x30',
        [relay('propagation_seconds_bucket', 'a', ',le="+Inf"')]: '0+100x30',
      },
      'no change at all': {
        [relay('propagation_seconds_bucket', 'a', ',le="1"')]: '50x30',
        [relay('propagation_seconds_bucket', 'a', ',le="+Inf"')]: '100x30',
      },
    },
  },
  {
    alert: 'RelayConnectionsNearLimit',
    at: '16m',
    fires: {
      [relay('streams', 'a', ',kind="all",platform="server"')]: '500x30',
      [relay('streams', 'b', ',kind="ping",platform="mobile"')]: '450x30',
      [fleet('connections_limit')]: '1000x30',
    },
    quiet: {
      'room enough': {
        [relay('streams', 'a', ',kind="all",platform="server"')]: '500x30',
        [fleet('connections_limit')]: '1000x30',
      },
      'no limit in the spec': { [relay('streams', 'a', ',kind="all",platform="server"')]: '99999x30' },
    },
  },
  {
    alert: 'RelayZonesUnbalanced',
    at: '16m',
    fires: {
      [fleet('pods', ',zone="a",ready="true"')]: '3x30',
      [fleet('pods', ',zone="b",ready="true"')]: '0x30',
      [fleet('minimum_zones')]: '2x30',
    },
    quiet: {
      'enough zones': {
        [fleet('pods', ',zone="a",ready="true"')]: '2x30',
        [fleet('pods', ',zone="b",ready="true"')]: '1x30',
        [fleet('minimum_zones')]: '2x30',
      },
    },
  },
  {
    alert: 'RelayEventsDropped',
    at: '15m',
    fires: { [relay('events_dropped_total', 'a', `${environment},reason="capacity"`)]: '0+60x30' },
    labels: { environment: 'production', reason: 'capacity' },
    quiet: {
      'once, long ago': { [relay('events_dropped_total', 'a', `${environment},reason="capacity"`)]: '0 60x30' },
      'malformed by the SDK': { [relay('events_dropped_total', 'a', `${environment},reason="invalid"`)]: '0+60x30' },
    },
  },
  {
    alert: 'RelayOperatorDown',
    at: '6m',
    fires: { 'process_start_time_seconds{namespace="ops",pod="something-else-a-b"}': '1x30' },
    quiet: { 'it runs': { [operator('process_start_time_seconds', 'a')]: '1x30' } },
  },
  {
    alert: 'RelayOperatorNoLeader',
    at: '6m',
    fires: {
      [operator('leader_election_master_status', 'a', ',name="flagrelay-operator"')]: '0x30',
      [operator('leader_election_master_status', 'b', ',name="flagrelay-operator"')]: '0x30',
    },
    quiet: {
      'one leads': {
        [operator('leader_election_master_status', 'a', ',name="flagrelay-operator"')]: '0x30',
        [operator('leader_election_master_status', 'b', ',name="flagrelay-operator"')]: '1x30',
      },
      'a change of leader': {
        [operator('leader_election_master_status', 'a', ',name="flagrelay-operator"')]: '1 0x30',
        [operator('leader_election_master_status', 'b', ',name="flagrelay-operator"')]: '0 0 1x30',
      },
      'no election': { [operator('process_start_time_seconds', 'a')]: '1x30' },
    },
  },
  {
    alert: 'RelayOperatorReconcileErrors',
    at: '30m',
    fires: {
      [operator('controller_runtime_reconcile_errors_total', 'a', reconciles)]: '0+3x40',
      [operator('controller_runtime_reconcile_total', 'a', `${reconciles},result="error"`)]: '0+3x40',
      [operator('controller_runtime_reconcile_total', 'a', `${reconciles},result="success"`)]: '0+10x40',
    },
    labels: { controller: 'relayproxy' },
    quiet: {
      'few errors': {
        [operator('controller_runtime_reconcile_errors_total', 'a', reconciles)]: '0+1x40',
        [operator('controller_runtime_reconcile_total', 'a', `${reconciles},result="success"`)]: '0+100x40',
      },
      'nothing to do': {
        [operator('controller_runtime_reconcile_errors_total', 'a', reconciles)]: '5x40',
        [operator('controller_runtime_reconcile_total', 'a', `${reconciles},result="success"`)]: '5x40',
      },
    },
  },
  {
    alert: 'RelayOperatorQueueStuck',
    at: '12m',
    fires: {
      [operator('workqueue_longest_running_processor_seconds', 'a', `${reconciles},name="relayproxy"`)]: '301+60x30',
    },
    labels: { controller: 'relayproxy' },
    quiet: {
      'quick work': {
        [operator('workqueue_longest_running_processor_seconds', 'a', `${reconciles},name="relayproxy"`)]: '2x30',
      },
    },
  },
  {
    alert: 'RelayOperatorContested',
    at: '20m',
    fires: { [operator('flagrelay_operator_contested_children', 'a', ',reason="DriftsBack"')]: '1x30' },
    labels: { reason: 'DriftsBack' },
    quiet: {
      'no contest': { [operator('flagrelay_operator_contested_children', 'a', ',reason="DriftsBack"')]: '0x30' },
      'it ended soon': {
        [operator('flagrelay_operator_contested_children', 'a', ',reason="DriftsBack"')]: '0x8 1x8 0x30',
      },
    },
  },
  {
    alert: 'RelayOperatorStandsBack',
    at: '20m',
    fires: { [operator('flagrelay_operator_relayproxies_left_alone', 'a')]: '2x30' },
    quiet: { 'the only operator': { [operator('flagrelay_operator_relayproxies_left_alone', 'a')]: '0x30' } },
  },
];
