import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createKubectl, type Kubectl } from '../cluster/kubectl.ts';
import { applyDemo } from '../demo/run.ts';
import { CommandError } from '../machine/run.ts';
import { observed } from './support/observed.ts';
import { openStage, type Stage } from './support/stage.ts';

const TOKEN_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** kubectl with nothing but the token that a relay's pod has in its file system now. */
async function stealToken({ kubectl, namespace }: Stage, pod: string, folder: string): Promise<Kubectl> {
  const read = `process.stdout.write(require('fs').readFileSync('${TOKEN_FILE}'))`;
  const token = (await kubectl.exec(pod, namespace, ['/nodejs/bin/node', '-e', read])).trim();
  const config = JSON.parse(await kubectl.run(['config', 'view', '--raw', '--minify', '--flatten', '-o', 'json']));
  for (const user of config.users) user.user = { token };
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 });
  return createKubectl({ program: kubectl.program, kubeconfig });
}

test("who steals a relay's token can lie about that one pod, and do nothing else", { timeout: 400_000 }, async (t) => {
  const stage = await openStage('token-stolen');
  t.after(stage.close);
  const { kubectl, namespace } = stage;
  await applyDemo(kubectl, namespace);
  const folder = mkdtempSync(join(tmpdir(), 'flagrelay-stolen-'));
  t.after(() => rmSync(folder, { recursive: true }));

  const status = async () => (await kubectl.get('relayproxy', 'demo', namespace))?.status;
  const reported = await kubectl.waitForObject(
    'relayproxy',
    'demo',
    namespace,
    'three pods have reported',
    (o) => o.status?.instances?.length === 3,
  );
  const names: string[] = reported.status.instances.map((item: { name: string }) => item.name);
  const [own = 0, other = 1] = [0, 1];
  const thief = await stealToken(stage, names[own] ?? '', folder);

  const patch = (what: string[], operations: object[]) =>
    thief.run(['patch', ...what, '-n', namespace, '--type=json', '-p', JSON.stringify(operations)]);
  const ofStatus = (name: string) => ['relayproxy', name, '--subresource=status'];
  const replace = (path: string, value: unknown) => [{ op: 'replace', path, value }];
  const attempts: Record<string, () => Promise<string>> = {
    'make a condition True': () => patch(ofStatus('demo'), replace('/status/conditions/0/message', 'stolen')),
    'drop all conditions': () => patch(ofStatus('demo'), [{ op: 'remove', path: '/status/conditions' }]),
    'call an environment refused': () => patch(ofStatus('demo'), replace('/status/environments/0/state', 'OFF')),
    'point clients elsewhere': () => patch(ofStatus('demo'), replace('/status/url', 'http://evil')),
    'lie about another pod': () => patch(ofStatus('demo'), replace(`/status/instances/${other}/ready`, false)),
    'remove another pod': () => patch(ofStatus('demo'), [{ op: 'remove', path: `/status/instances/${other}` }]),
    'invent a pod': () =>
      patch(ofStatus('demo'), [{ op: 'add', path: '/status/instances/-', value: { name: 'invented' } }]),
    'lie about another RelayProxy': () => patch(ofStatus('upstream'), replace('/status/url', 'http://evil')),
    'change the spec': () => patch(['relayproxy', 'demo'], replace('/spec/replicas', 0)),
    'scale it down': () => thief.run(['scale', 'relayproxy', 'demo', '-n', namespace, '--replicas=0']),
    'delete it': () => thief.run(['delete', 'relayproxy', 'demo', '-n', namespace]),
    'read the keys': () => thief.run(['get', 'secrets', '-n', namespace]),
    'read other RelayProxies': () => thief.run(['get', 'relayproxies', '-n', namespace]),
    'read pods': () => thief.run(['get', 'pods', '-n', namespace]),
    'run a command in a pod': () => thief.exec(names[other] ?? '', namespace, ['/nodejs/bin/node', '-v']),
  };
  const before = await status();
  for (const [attempt, tried] of Object.entries(attempts)) {
    await assert.rejects(tried, (error) => {
      assert.ok(error instanceof CommandError);
      const answer = error.stderr.trim().split('\n').at(-1)?.slice(0, 200);
      assert.match(error.stderr, /forbidden|may change no item|may not change/i, `${attempt}: ${answer}`);
      observed('relay-token-stolen', { refused: attempt, answer });
      return true;
    });
  }
  const after = await status();
  // The operator itself may have written meanwhile: what it says must not be what was tried.
  assert.equal(after.url, before.url);
  assert.deepEqual(typesOf(after), typesOf(before));
  assert.doesNotMatch(JSON.stringify(after), /"stolen"|"http:\/\/evil"|"invented"|"OFF"/);
  assert.equal(after.instances.length, 3);

  // Its own item is what the token is for: whoever has it can lie about this pod, until the pod reports again.
  const index = after.instances.findIndex((item: { name: string }) => item.name === names[own]);
  await patch(ofStatus('demo'), replace(`/status/instances/${index}/connections`, 4711));
  const lied = (await status()).instances[index];
  assert.deepEqual([lied.name, lied.connections], [names[own], 4711]);
  observed('relay-token-stolen', { allowed: 'its own item of status.instances' });
});

function typesOf({ conditions }: { conditions: { type: string }[] }): string[] {
  return conditions.map(({ type }) => type).sort();
}
