import type { ControlPlane } from '../control-plane/control-plane.ts';
import { type Series, sum, sumBy } from '../control-plane/metrics-text.ts';
import type { OperatorProcess } from '../control-plane/operator-process.ts';
import { type Usage, usageOf } from '../control-plane/process-usage.ts';
import { waitFor } from '../machine/wait-for.ts';
import { type AuditedWrite, endOfLog, writesSince } from '../scenarios/support/audit.ts';

/** What one stretch of time cost. */
export interface Phase {
  readonly name: string;
  readonly seconds: number;
  /** Of the operator. */
  readonly usage: Usage;
  /** CPU seconds by program, the measurement itself as `simulator`. */
  readonly cpu: ReadonlyMap<string, number>;
  /** Requests of the operator by method; GET includes lists and watches. */
  readonly requests: ReadonlyMap<string, number>;
  readonly writes: readonly AuditedWrite[];
}

/** Collects a phase from now on; call the result at its end. */
export async function beginPhase(name: string, plane: ControlPlane, operator: OperatorProcess | undefined) {
  const before = operator ? await requestsOf(operator) : new Map<string, number>();
  const cpuBefore = cpuOf(plane, operator);
  const offset = endOfLog(plane.auditLog);
  const start = performance.now();
  return async (running: OperatorProcess): Promise<Phase> => {
    const seconds = (performance.now() - start) / 1000;
    const usage = usageOf(running.pid);
    const cpu = cpuOf(plane, running);
    for (const [program, used] of cpuBefore) cpu.set(program, (cpu.get(program) ?? 0) - used);
    const requests = await requestsOf(running);
    for (const [verb, count] of before) requests.set(verb, (requests.get(verb) ?? 0) - count);
    return { name, seconds, usage, cpu, requests, writes: operatorWrites(plane, offset) };
  };
}

/** Writes of operators since an offset in the audit log, but for their Lease. */
export function operatorWrites(plane: ControlPlane, offset: number): AuditedWrite[] {
  return writesSince(plane.auditLog, offset).filter(
    ({ user, resource }) => user.startsWith('operator-') && resource !== 'leases',
  );
}

/** Waits until no operator has written anything for `quietMs`. */
export async function waitForQuiet(plane: ControlPlane, quietMs: number, timeoutMs: number): Promise<void> {
  let offset = endOfLog(plane.auditLog);
  let since = performance.now();
  await waitFor(
    'no more writes of the operator',
    () => {
      const end = endOfLog(plane.auditLog);
      if (operatorWrites(plane, offset).length > 0) since = performance.now();
      offset = end;
      return performance.now() - since >= quietMs || undefined;
    },
    { timeoutMs, intervalMs: 500 },
  );
}

/** Reconciles that have ended so far. */
export async function reconciles(operator: OperatorProcess): Promise<number> {
  return sum(await operator.metrics(), 'controller_runtime_reconcile_total');
}

async function requestsOf(operator: OperatorProcess): Promise<Map<string, number>> {
  const series: Series[] = await operator.metrics();
  return sumBy(series, 'rest_client_requests_total', 'method');
}

function cpuOf(plane: ControlPlane, operator: OperatorProcess | undefined): Map<string, number> {
  const pids = new Map(plane.processes);
  pids.set('simulator', process.pid);
  if (operator) pids.set('operator', operator.pid);
  return new Map([...pids].map(([name, pid]) => [name, usageOf(pid).cpuSeconds]));
}
