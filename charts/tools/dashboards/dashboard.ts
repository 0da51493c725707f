/** One query of a panel. */
export interface Query {
  /** PromQL. */
  readonly expr: string;
  /** Text of its lines, with `{{label}}`. */
  readonly legend: string;
}

/** Text and colour of a value. */
export interface ValueMapping {
  readonly text: string;
  readonly color: 'green' | 'blue' | 'orange' | 'red';
}

/** One panel. */
export interface Panel {
  readonly title: string;
  readonly description: string;
  /** Grafana's name of the unit. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Default `timeseries`. */
  readonly kind?: 'timeseries' | 'stat' | 'state-timeline';
  /** What the values 0, 1, 2, … mean; for `state-timeline`. */
  readonly states?: readonly ValueMapping[];
}

/** A row of panels of the same width. */
export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** A variable whose values are those of a label. */
export interface Variable {
  readonly name: string;
  readonly label: string;
  /** `label_values(METRIC, LABEL)`. */
  readonly query: string;
}

/** What {@link dashboardJson} makes a dashboard of. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly rows: readonly Row[];
}

/** Memory, CPU and event loop of pods. @param pods label matchers @param lag what a long lag does */
export function processPanels(pods: string, lag: string): Panel[] {
  const panel = (title: string, description: string, unit: string, expr: string): Panel => ({
    title,
    description,
    unit,
    queries: [{ expr, legend: '{{pod}}' }],
  });
  return [
    panel('Event-loop lag', lag, 's', `max by (pod) (nodejs_eventloop_lag_p99_seconds{${pods}})`),
    panel('Memory', 'Resident memory of each pod.', 'bytes', `max by (pod) (process_resident_memory_bytes{${pods}})`),
    panel(
      'CPU',
      'Cores in use by each pod.',
      'short',
      `sum by (pod) (rate(process_cpu_seconds_total{${pods}}[$__rate_interval]))`,
    ),
  ];
}

const WIDTH = 24;
const HEIGHT = 8;
const datasource = { type: 'prometheus', uid: '$datasource' };

/** A dashboard in Grafana's format. */
export function dashboardJson({ uid, title, description, variables, rows }: Dashboard): string {
  const panels: object[] = [];
  let y = 0;
  for (const row of rows) {
    const id = panels.length + 1;
    panels.push({ id, type: 'row', title: row.title, collapsed: false, gridPos: { x: 0, y, w: WIDTH, h: 1 } });
    y += 1;
    const w = WIDTH / row.panels.length;
    row.panels.forEach((panel, index) => {
      panels.push({ id: id + 1 + index, ...panelJson(panel), gridPos: { x: index * w, y, w, h: HEIGHT } });
    });
    y += HEIGHT;
  }
  const dashboard = {
    uid,
    title,
    description,
    tags: ['flagrelay'],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    templating: { list: [datasourceVariable, ...variables.map(variableJson)] },
    panels,
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

const datasourceVariable = { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' };

function variableJson({ name, label, query }: Variable): object {
  return {
    name,
    label,
    type: 'query',
    datasource,
    query: { query, refId: name },
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: '.+',
    current: { text: ['All'], value: ['$__all'] },
  };
}

function panelJson({ title, description, unit, queries, kind = 'timeseries', states }: Panel): object {
  return {
    type: kind,
    title,
    description,
    datasource,
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      datasource,
      expr,
      legendFormat: legend,
    })),
    fieldConfig: {
      defaults: {
        unit,
        ...(kind === 'timeseries' && { min: 0, custom: { fillOpacity: 10, showPoints: 'never' } }),
        ...(states && { mappings: [mapping(states)], custom: { fillOpacity: 80 } }),
      },
      overrides: [],
    },
    options: kind === 'timeseries' ? { tooltip: { mode: 'multi', sort: 'desc' } } : {},
  };
}

function mapping(states: readonly ValueMapping[]): object {
  const options = states.map(({ text, color }, index) => [String(index), { text, color, index }] as const);
  return { type: 'value', options: Object.fromEntries(options) };
}
