import { createTestCa } from '../src/testing/certificates.ts';
import { measureEvalx } from './http.ts';
import type { Lab } from './lab.ts';
import { measureStreams } from './streams.ts';
import type { Row } from './table.ts';

/** Handshakes take the time of the rest many times over. */
const STREAMS = 250;

/** What TLS makes of evaluations over kept connections and of streams, next to a bare `node:https` server. */
export async function measureTls(plain: Lab): Promise<Row[]> {
  using ca = createTestCa();
  const lab: Lab = { ...plain, tls: ca.server };
  const run = { name: `/all medium, ${STREAMS}`, path: '/all', size: 'medium', count: STREAMS } as const;
  const rows = [...(await measureEvalx(lab, 'medium')), ...(await measureStreams(lab, run))];
  return rows.map((row) => ({ ...row, name: `TLS: ${row.name}` }));
}
