import { createTestCa } from '../src/testing/certificates.ts';
import { measureHttp } from './http.ts';
import type { Lab } from './lab.ts';
import { measureStreams } from './streams.ts';
import type { Row } from './table.ts';

/** What TLS makes of evaluations over kept connections and of streams, next to a bare `node:https` server. */
export async function measureTls(plain: Lab): Promise<Row[]> {
  using ca = createTestCa();
  const lab: Lab = { ...plain, tls: ca.server };
  const rows = [...(await measureHttp(lab, 'medium', false)), ...(await measureStreams(lab))];
  return rows.map((row) => ({ ...row, name: `TLS: ${row.name}` }));
}
