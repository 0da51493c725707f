/**
 * Many SDKs in one process, as far as their streams go: opens `STREAMS` streams from a relay's Service, each over a connection of its
 * own, and opens one again a moment after it has ended. Reports once a second as JSON lines on stdout, and ends on SIGTERM.
 */
import { get } from 'node:http';
import { reporter, required } from './program-io.ts';

/** A line that the client prints. */
export interface StreamReport {
  readonly event: 'streams';
  /** Streams that have got their first bytes and not ended. */
  readonly open: number;
  /** How often a stream was opened, over all. */
  readonly opened: number;
  /** How often one could not be opened. */
  readonly refused: number;
  /** How often of these the answer was 401, on which an SDK gives up for good. */
  readonly unauthorized: number;
}

const REPORT_MS = 1000;
/** A stream is opened again after this time at most, at random: SDKs do so, and a relay that ends some does not get them all back at once. */
const RECONNECT_MS = 1000;
/** Streams are opened this far apart. */
const APART_MS = 20;
const TIMEOUT_MS = 10_000;

const report = reporter<StreamReport>();
const url = `${required('RELAY_URL')}/all`;
const headers = { authorization: required('SDK_KEY') };
const totals = { open: 0, opened: 0, refused: 0, unauthorized: 0 };

function openStream(): void {
  let streaming = false;
  let over = false;
  const again = () => {
    if (over) return;
    over = true;
    if (streaming) totals.open -= 1;
    else totals.refused += 1;
    setTimeout(openStream, Math.random() * RECONNECT_MS);
  };
  // Until the first byte: a stream may be silent for longer than that.
  const request = get(url, { agent: false, headers, timeout: TIMEOUT_MS }, (response) => {
    if (response.statusCode === 401) totals.unauthorized += 1;
    response.once('data', () => {
      if (over || response.statusCode !== 200) return;
      streaming = true;
      totals.open += 1;
      totals.opened += 1;
      request.setTimeout(0);
    });
    response.on('close', again);
    response.on('error', again);
    response.resume();
  });
  request.on('timeout', () => request.destroy(new Error('no answer')));
  request.on('error', again);
}

const count = Number(required('STREAMS'));
for (let at = 0; at < count; at++) setTimeout(openStream, at * APART_MS);
const reporting = setInterval(() => {
  report({ event: 'streams', ...totals });
}, REPORT_MS);

process.once('SIGTERM', () => {
  clearInterval(reporting);
  process.exit(0);
});
