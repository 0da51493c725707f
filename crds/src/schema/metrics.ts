import * as z from 'zod';
import { int32, stringMap } from './kubernetes.ts';

const serviceMonitor = z
  .object({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        'Create a ServiceMonitor, and the headless Service NAME-metrics that it selects. If the cluster does not have this kind, the condition `Reconciled` is False with reason `KindNotInstalled` until it does. Pods keep their `prometheus.io` annotations. Default false.',
      ),
    scrapePeriodSeconds: int32(1, 3600)
      .default(30)
      .describe('How often, in seconds, Prometheus reads the metrics. Default 30.'),
    labels: stringMap(32, 63)
      .describe('Labels of the ServiceMonitor, with which your Prometheus selects it, such as `release: monitoring`.')
      .optional(),
  })
  .describe('How the Prometheus Operator finds the pods.');

const alerts = z
  .object({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        'Create a PrometheusRule with alerts about this fleet, each with the URL of a runbook. They need the metrics of the pods and of the operator, with the labels `namespace` and `pod`. Default false.',
      ),
    labels: stringMap(32, 63)
      .describe('Labels of the PrometheusRule, with which your Prometheus selects it, such as `release: monitoring`.')
      .optional(),
  })
  .describe('Alerts about the fleet, for the Prometheus Operator.');

/** Prometheus metrics. */
export const metrics = z
  .object({
    enabled: z
      .boolean()
      .default(true)
      .describe(
        'Let Prometheus find the pods: name the operations port and annotate the pods with `prometheus.io/scrape`, `port` and `path`. Default true.',
      ),
    port: int32(1, 65_535)
      .default(8031)
      .describe(
        'Operations port of the pod, with `/metrics`, `/livez` and `/readyz`; it is not part of the Service. Default 8031.',
      ),
    serviceMonitor: serviceMonitor.prefault({}),
    alerts: alerts.prefault({}),
  })
  .describe('Prometheus metrics.');
