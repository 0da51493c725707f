import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { leases } from './leader-election.ts';
import { eventually, openTestCluster, type TestCluster } from './testing/cluster.ts';
import { configMaps } from './testing/fixtures.ts';

const script = fileURLToPath(new URL('./testing/leader-process.ts', import.meta.url));

let cluster: TestCluster;
before(async () => {
  cluster = await openTestCluster();
});
after(() => cluster?.close());

interface Said {
  leads?: boolean;
  wrote?: number;
  lost?: boolean;
  stopped?: boolean;
  refused?: string;
}

/** Starts a candidate in a process of its own; it is killed after the test. */
function candidate(t: TestContext, identity: string) {
  const child: ChildProcess = spawn(process.execPath, [script, cluster.namespace, identity], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: Said[] = [];
  const exit = once(child, 'exit');
  createInterface({ input: child.stdout! }).on('line', (line) => said.push(JSON.parse(line)));
  t.after(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  return {
    child,
    said,
    exit,
    leads: () => said.some(({ leads }) => leads),
    writes: () => said.filter(({ wrote }) => wrote).length,
  };
}

const writer = async () => {
  const object = await cluster.client.get(configMaps, { namespace: cluster.namespace, name: 'written' });
  return object.data?.by;
};

describe('leader election on a real API server', () => {
  it('hands over at once when the leader stops', async (t) => {
    const one = candidate(t, 'one');
    await eventually('one leads', () => one.leads());
    const two = candidate(t, 'two');
    one.child.kill('SIGTERM');
    assert.deepEqual(await one.exit, [0, null]);
    assert.ok(one.said.some(({ stopped }) => stopped));
    await eventually('two leads', () => two.leads());
    assert.equal(
      (await cluster.client.get(leases, { namespace: cluster.namespace, name: 'leader' })).spec?.holderIdentity,
      'two',
    );
    two.child.kill('SIGTERM');
    await two.exit;
  });

  it('has never two leaders: one that was frozen past its lease does not write when it goes on', async (t) => {
    const frozen = candidate(t, 'frozen');
    await eventually('it writes', () => frozen.writes() > 3);
    frozen.child.kill('SIGSTOP');
    const heir = candidate(t, 'heir');
    await eventually('the heir writes', () => heir.writes() > 3);
    assert.equal(await writer(), 'heir');
    const written = frozen.writes();
    frozen.child.kill('SIGCONT');
    assert.deepEqual(await frozen.exit, [1, null]);
    assert.ok(frozen.said.some(({ lost }) => lost));
    // One answer may have been on its way when it froze; what it sends afterwards is refused.
    assert.ok(frozen.writes() <= written + 1, `${frozen.writes() - written} writes after the freeze`);
    assert.equal(await writer(), 'heir');
  });

  it('takes over from a leader that was killed', async (t) => {
    await cluster.client.delete(leases, { namespace: cluster.namespace, name: 'leader' });
    const dead = candidate(t, 'dead');
    await eventually('it leads', () => dead.leads());
    dead.child.kill('SIGKILL');
    await dead.exit;
    const heir = candidate(t, 'heir');
    await eventually('the heir leads', () => heir.leads());
  });
});
