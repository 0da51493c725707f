import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { repositoryRoot } from '../machine/paths.ts';
import { CommandError } from '../machine/run.ts';
import { openStage, type Stage } from './support/stage.ts';

const samples = join(repositoryRoot, 'crds/samples');
const invalid = join(samples, 'invalid');
const yamlIn = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.yaml'));

let stage: Stage;
after(() => stage?.close());
before(async () => {
  stage = await openStage('manifests');
});

for (const name of yamlIn(samples)) {
  test(`sample ${name} is accepted by the API server`, async () => {
    const args = ['apply', '-n', stage.namespace, '--dry-run=server', '--validate=strict', '-f', join(samples, name)];
    await stage.kubectl.run(args);
  });
}

for (const name of yamlIn(invalid)) {
  test(`invalid manifest ${name} is refused with what its head says`, async () => {
    const text = readFileSync(join(invalid, name), 'utf8');
    const expected = [...text.matchAll(/^# expect: (.+)$/gm)].map((match) => match[1] as string);
    assert.ok(expected.length > 0, 'the file says what to expect');
    const refusal = await stage.kubectl
      .run(['apply', '-n', stage.namespace, '--dry-run=server', '--validate=strict', '-f', join(invalid, name)])
      .then(
        () => assert.fail('it was accepted'),
        (error: unknown) => error,
      );
    assert.ok(refusal instanceof CommandError);
    for (const words of expected) assert.ok(refusal.stderr.includes(words), `"${words}" is not in: ${refusal.stderr}`);
  });
}

test('kubectl explain tells of every field of the spec', async () => {
  const text = await stage.kubectl.run(['explain', 'relayproxy.spec']);
  assert.match(text, /environments/);
  assert.doesNotMatch(text, /<no description>/);
});
