import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot } from '../machine/paths.ts';

// `node e2e/run/node-release.ts`: fails when the registry has a newer release of the pinned line of Node, which are mostly security releases.
// Without a registry it says so and passes: it is about being behind, not about networks.

/** How long the registry may take, in ms. */
const REGISTRY_MS = 30_000;

type Release = readonly [major: number, minor: number, patch: number];

function releaseOf(version: string): Release | undefined {
  const found = /^v?(\d+)\.(\d+)\.(\d+)$/.exec(version);
  return found === null ? undefined : [Number(found[1]), Number(found[2]), Number(found[3])];
}

function compareReleases(a: Release, b: Release): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/** The newest release of the line (major version) of `pinned` among versions; `pinned` itself when there is no newer one. Others than plain releases are skipped. */
export function newestOfLine(pinned: string, versions: readonly string[]): string {
  const own = releaseOf(pinned);
  if (own === undefined) throw new TypeError(`not a release of Node: ${pinned}`);
  let newest = own;
  for (const version of versions) {
    const release = releaseOf(version);
    if (release !== undefined && release[0] === own[0] && compareReleases(release, newest) > 0) newest = release;
  }
  return newest.join('.');
}

/** The version of Node that a `package.json` pins. */
export function pinnedNode(packageJson: string): string {
  const { devDependencies } = JSON.parse(packageJson) as { devDependencies: { node: string } };
  return devDependencies.node;
}

/** Versions of Node's package that the registry has. */
async function versionsInRegistry(): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)('npm', ['view', 'node', 'versions', '--json'], {
    timeout: REGISTRY_MS,
    maxBuffer: 2 ** 24,
  });
  return [JSON.parse(stdout) as string | string[]].flat();
}

async function main(): Promise<number> {
  const pinned = pinnedNode(readFileSync(join(repositoryRoot, 'package.json'), 'utf8'));
  let versions: readonly string[];
  try {
    versions = await versionsInRegistry();
  } catch (error) {
    const [reason] = (error as Error).message.split('\n');
    console.log(
      `node-release: the registry cannot be asked, so nobody knows whether Node ${pinned} is behind (${reason})`,
    );
    return 0;
  }
  const newest = newestOfLine(pinned, versions);
  if (newest === pinned) {
    console.log(`node-release: Node ${pinned} is the newest of its line in the registry`);
    return 0;
  }
  console.log(
    `node-release: Node ${pinned} is behind: ${newest} is out. Set it in package.json (devDependencies.node, engines.node), run npm install, and the tests.`,
  );
  return 1;
}

if (import.meta.main) process.exitCode = await main();
