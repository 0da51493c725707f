import { measureUselessCache } from './answer-cache.ts';
import { measureEnvironmentChanges } from './environment-changes.ts';
import { measureEnvironments } from './environments.ts';
import { measureEvaluation } from './evaluation.ts';
import { measureEvents } from './events.ts';
import { measureExpress } from './express.ts';
import { measureEvalx, measurePaced, measurePolling, measureRepeated } from './http.ts';
import { type Lab, onAllCores } from './lab.ts';
import { measureStart } from './start.ts';
import { measureStreams, type StreamRun } from './streams.ts';
import type { Row } from './table.ts';
import { measureTls } from './tls.ts';
import { measureWorkers } from './workers.ts';

/** Something that is measured by itself, and again where it seems to have become worse. */
export interface Part {
  readonly name: string;
  measure(lab: Lab): Promise<Row[]>;
}

const evaluation = (size: 'small' | 'medium' | 'large'): Part => ({
  name: `evaluation ${size}`,
  measure: async (lab) => [await measureEvaluation(size, lab.rounds)],
});

const streams = (run: (lab: Lab) => StreamRun, name: string): Part => ({
  name,
  measure: (lab) => measureStreams(lab, run(lab)),
});

const allMedium = streams(
  (lab) => ({ name: '/all medium', path: '/all', size: 'medium', count: lab.streams }),
  'streams, /all',
);

/** What a full run measures, in the order of its table. */
export const FULL: readonly Part[] = [
  { name: 'evalx small', measure: (lab) => measureEvalx(lab, 'small') },
  { name: 'evalx medium', measure: (lab) => measureEvalx(lab, 'medium') },
  { name: 'evalx large', measure: (lab) => measureEvalx(lab, 'large') },
  { name: 'evalx repeated', measure: (lab) => measureRepeated(lab, 'medium') },
  { name: 'useless cache', measure: measureUselessCache },
  { name: 'evalx paced', measure: measurePaced },
  evaluation('small'),
  evaluation('medium'),
  evaluation('large'),
  { name: 'polling', measure: measurePolling },
  { name: 'Express', measure: measureExpress },
  allMedium,
  streams((lab) => ({ name: '/eval medium', path: '/eval', size: 'medium', count: lab.streams }), 'streams, /eval'),
  streams(
    () => ({ name: '/all large', path: '/all', size: 'large', count: 200, stormOnly: true }),
    'streams, /all large',
  ),
  {
    name: 'streams, two cores',
    measure: (lab) =>
      measureStreams(onAllCores(lab), {
        name: '/all medium, two cores',
        path: '/all',
        size: 'medium',
        count: lab.streams,
        stormOnly: true,
      }),
  },
  { name: 'events', measure: measureEvents },
  { name: 'start', measure: (lab) => measureStart(lab, ['small', 'medium', 'large']) },
  { name: 'environments', measure: measureEnvironments },
  { name: 'changes of environments', measure: measureEnvironmentChanges },
  { name: 'TLS', measure: measureTls },
  { name: 'workers', measure: measureWorkers },
];

/** What a short run measures: a part of each kind that has figures which the rest of the machine moves little. */
export const SHORT: readonly Part[] = [
  { name: 'evalx medium', measure: (lab) => measureEvalx(lab, 'medium') },
  evaluation('medium'),
  { name: 'polling', measure: measurePolling },
  allMedium,
  { name: 'start', measure: (lab) => measureStart(lab, ['medium']) },
];
