import type { Lab } from './lab.ts';
import type { LoadResult, LoadSpec } from './load.ts';
import { runLoad } from './load-run.ts';
import { cpuOf, type ServerProcess } from './process.ts';
import type { Row } from './table.ts';

/** Connections of a load. */
const CONNECTIONS = 32;
/** A server that has just been started is still being compiled: it gets this much of the load before it is measured, ms. */
const FIRST_MS = 1_200;
/** At the start of each round, ms. */
const WARM_MS = 200;

/** What to ask a server, and how. */
export interface Question {
  readonly status: number;
  /** Heads without their blank line, cycled through. */
  readonly requests: readonly string[];
  /** Requests/s of an open loop; a closed loop when absent. */
  readonly rate?: number;
}

/** What one round found. */
export interface LoadFigures {
  readonly perSecond: number;
  readonly p99Ms: number;
  /** The server's µs of CPU for one request, which other work on the machine moves less than rates. */
  readonly cpu: number;
}

/** One figure a round of either side. */
export interface Duel {
  readonly relay: readonly LoadFigures[];
  readonly baseline: readonly LoadFigures[];
}

/** Puts one load on a server until it is warm; tells of the answers. */
export function warm(lab: Lab, server: ServerProcess, question: Question): Promise<LoadResult> {
  return runLoad({ ...spec(lab, server, question), warmMs: 0, measureMs: FIRST_MS }, question.status);
}

/** Puts the same load on two warm servers in turns, for all rounds of the lab. */
export async function duel(
  lab: Lab,
  relay: readonly [ServerProcess, Question],
  baseline: readonly [ServerProcess, Question],
): Promise<Duel> {
  const found = { relay: [] as LoadFigures[], baseline: [] as LoadFigures[] };
  for (let round = 0; round < lab.rounds; round++) {
    found.relay.push(await figures(lab, ...relay));
    found.baseline.push(await figures(lab, ...baseline));
  }
  return found;
}

/** A row of one figure of a duel. */
export function duelRow(
  { relay, baseline }: Duel,
  row: Pick<Row, 'name' | 'unit' | 'better' | 'measures'>,
  pick: (one: LoadFigures) => number,
): Row {
  return { ...row, relay: relay.map(pick), baseline: baseline.map(pick) };
}

async function figures(lab: Lab, server: ServerProcess, question: Question): Promise<LoadFigures> {
  const before = cpuOf(server.pid);
  const { perSecond, p99Ms, answers } = await runLoad(spec(lab, server, question), question.status);
  return { perSecond, p99Ms, cpu: (cpuOf(server.pid) - before) / answers };
}

function spec(lab: Lab, { port }: ServerProcess, { requests, rate }: Question): LoadSpec {
  return {
    port,
    tls: lab.tls !== undefined,
    requests,
    connections: CONNECTIONS,
    ...(rate === undefined ? {} : { rate }),
    warmMs: WARM_MS,
    // A slow rate needs time for its last per cent.
    measureMs: rate === undefined ? lab.measureMs : lab.measureMs * 3,
  };
}
