import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { SystemProgram } from '../machine/packages.ts';

/** One entry of the test plan. */
export interface Suite {
  readonly name: string;
  /** `tests`: node's test runner over globs; `check`: a command that passes or fails as a whole; `counted`: a command that ends with `N passed, N failed`. */
  readonly kind: 'tests' | 'check' | 'counted';
  /** Globs for `tests`, the command line for the others. */
  readonly run: readonly string[];
  /** A suite that hangs is ended after this many ms and has failed. */
  readonly timeoutMs: number;
  /**
   * Needs the cluster, and gets KUBECONFIG, KUBECTL and HELM in its environment: `bare` without our operator and with FOREIGN_CRDS, files of the CRDs that it can do without (the tests run one of their own
   * from source), `product` with it installed.
   */
  readonly cluster?: 'bare' | 'product';
  /** Programs of the operating system that it needs; they are installed where they are missing. */
  readonly programs?: readonly SystemProgram[];
  /** Folder whose line coverage is printed. */
  readonly coverage?: string;
  /** Test files at a time; those that share one cluster or measure it run one by one. */
  readonly concurrency?: number;
  /**
   * Files with a failed test are run once more, without others beside them, and a test that passes then counts as passed and is counted
   * apart in the table: these suites run clusters and real processes on two cores, whose neighbours take the machine away for seconds.
   */
  readonly again?: boolean;
  /** Runs only when it is named. */
  readonly onRequest?: boolean;
}

const MINUTE = 60_000;

/** All suites of the project in the order they run: quick ones first, so that a mistake shows early. */
export function suites(root: string, env: NodeJS.ProcessEnv): readonly Suite[] {
  const list: Suite[] = [
    { name: 'lint', kind: 'check', run: ['npm', 'run', '--silent', 'lint'], timeoutMs: 5 * MINUTE },
    // Whether the pinned Node is behind its security releases. Apart from lint, which needs no network.
    { name: 'node-release', kind: 'check', run: [process.execPath, 'e2e/run/node-release.ts'], timeoutMs: MINUTE },
    {
      name: 'unit',
      kind: 'tests',
      run: [
        'kube/src/**/*.test.ts',
        'crds/src/**/*.test.ts',
        'charts/tools/**/*.test.ts',
        'tools/**/*.test.ts',
        'relay/bench/**/*.test.ts',
        'operator/src/**/!(*.integration).test.ts',
        'e2e/{clients,cluster,machine,control-plane,images,mutants,product,run,soak}/**/*.test.ts',
      ],
      timeoutMs: 10 * MINUTE,
    },
    {
      name: 'relay',
      kind: 'tests',
      run: ['relay/src/**/*.test.ts', 'relay/test/**/*.test.ts'],
      timeoutMs: 35 * MINUTE,
      programs: ['redis-server', 'openssl', 'curl'],
      coverage: 'relay/src/**',
      again: true,
    },
    {
      name: 'migrate',
      kind: 'tests',
      run: ['migrate/**/*.test.ts'],
      timeoutMs: 5 * MINUTE,
      coverage: 'migrate/src/**',
    },
    // Fails only where a ratio of CPU or memory to a bare Node server fell to half of the recorded one.
    {
      name: 'bench',
      kind: 'counted',
      run: [process.execPath, 'relay/bench/main.ts', '--short'],
      timeoutMs: 8 * MINUTE,
    },
    {
      name: 'cluster',
      kind: 'tests',
      run: ['charts/tests/*.test.ts', 'operator/src/**/*.integration.test.ts'],
      timeoutMs: 25 * MINUTE,
      programs: ['promtool'],
      cluster: 'bare',
      concurrency: 1,
      again: true,
    },
    {
      name: 'e2e',
      kind: 'tests',
      run: ['e2e/scenarios/!(*.slow).test.ts'],
      timeoutMs: 35 * MINUTE,
      cluster: 'product',
      concurrency: 1,
      again: true,
    },
    {
      name: 'e2e-slow',
      kind: 'tests',
      run: ['e2e/scenarios/*.slow.test.ts'],
      timeoutMs: 60 * MINUTE,
      cluster: 'product',
      concurrency: 1,
      onRequest: true,
    },
  ];
  const conformance = env.CONFORMANCE_DIR;
  if (conformance !== undefined && conformance !== '') {
    const script = join(conformance, 'run.py');
    if (!existsSync(script)) throw new Error(`CONFORMANCE_DIR: there is no ${script}`);
    list.splice(5, 0, {
      name: 'conformance',
      kind: 'counted',
      run: [
        'python3',
        script,
        '--target',
        join(root, '.cache/conformance/candidate.json'),
        '--results',
        join(root, '.cache/conformance/results.json'),
      ],
      programs: ['redis-server', 'openssl', 'python3'],
      timeoutMs: 10 * MINUTE,
    });
  }
  return list;
}
