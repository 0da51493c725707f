import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { withLock } from '../machine/lock.ts';
import { cacheFolder } from '../machine/paths.ts';
import { progress } from '../machine/progress.ts';
import { run } from '../machine/run.ts';

/** CRDs of another project: a version of its Go module, that version's checksum, and the files in it. */
interface CrdSource {
  readonly module: string;
  readonly version: string;
  /** As in a go.sum file. */
  readonly sum: string;
  readonly files: readonly string[];
}

/** The kinds of others that the operator writes where a cluster has them. */
const sources: readonly CrdSource[] = [
  {
    module: 'github.com/prometheus-operator/prometheus-operator',
    version: 'v0.85.0',
    sum: 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
    files: [
      'example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml',
      'example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml',
    ],
  },
  {
    module: 'sigs.k8s.io/gateway-api',
    version: 'v1.4.1',
    sum: 'h1:NPxFutNkKNa8UfLd2CMlEuhIPMQgDQ6DXNKG9sHbJU8=',
    files: ['config/crd/standard/gateway.networking.k8s.io_httproutes.yaml'],
  },
];

/**
 * Files with the CRDs of the Prometheus Operator and the Gateway API that our objects are tried with, one manifest each.
 * They come from their Go modules and are kept in the cache. Rejects with a CommandError when they cannot be fetched, and
 * with an Error when a module is not the one that is named here.
 */
export async function foreignCrds(): Promise<readonly string[]> {
  const files: string[] = [];
  for (const source of sources) {
    const folder = join(cacheFolder(), 'crds', `${basename(source.module)}-${source.version}`);
    await withLock(`fetch ${folder}`, () => fetchUnlessThere(source, folder), { timeoutMs: 600_000 });
    for (const file of source.files) files.push(join(folder, basename(file)));
  }
  return files;
}

async function fetchUnlessThere(source: CrdSource, folder: string): Promise<void> {
  if (source.files.every((file) => existsSync(join(folder, basename(file))))) return;
  const wanted = `${source.module}@${source.version}`;
  progress(`fetching ${wanted}`);
  const env = { GOWORK: 'off', GOFLAGS: '' };
  // Outside of any module, so that no go.mod of ours has a say.
  const { stdout } = await run('go', ['mod', 'download', '-json', wanted], { cwd: tmpdir(), env, timeoutMs: 300_000 });
  const { Dir, Sum } = JSON.parse(stdout) as { Dir: string; Sum: string };
  if (Sum !== source.sum) throw new Error(`${wanted} has the checksum ${Sum}, expected is ${source.sum}`);
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  for (const file of source.files) copyFileSync(join(Dir, file), join(partial, basename(file)));
  rmSync(folder, { recursive: true, force: true });
  renameSync(partial, folder);
}
