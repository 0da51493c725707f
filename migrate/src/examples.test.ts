import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseRelayProxy } from '@flagrelay/crds';
import { parseAllDocuments } from 'yaml';
import { examples, exampleText, runExample } from './testing/examples.ts';
import { goldenFolder } from './testing/golden.ts';

const CREDENTIAL = /(?:sdk|mob|rel)-0000-\w+|hunter2|open-sesame|p%?4?0?@?ss\b/g;

for (const example of examples) {
  test(`${example}: the manifests and the report`, async (t) => {
    const { code, stdout, stderr } = await runExample(example);
    const text = `# exit code ${code}\n${stdout}\n${stderr.replace(/^/gm, '# ').replace(/# $/gm, '#')}`;
    t.assert.fileSnapshot(text, join(goldenFolder, `${example}.golden`), {
      serializers: [String],
    });
  });

  test(`${example}: the result is a RelayProxy, and the same each time`, async () => {
    const [first, second] = await Promise.all([runExample(example), runExample(example)]);
    assert.deepEqual(first, second);
    const documents = parseAllDocuments(first.stdout).map((document) => document.toJS() as { kind: string });
    const last = documents.at(-1);
    assert.equal(last?.kind, 'RelayProxy');
    assert.deepEqual(parseRelayProxy(last).ok, true);
  });

  test(`${example}: credentials are in Secrets alone, and nowhere when they are to be left out`, async () => {
    const { stdout, stderr } = await runExample(example);
    assert.doesNotMatch(stderr, CREDENTIAL);
    const [relayProxy = ''] = stdout.split('---\n').filter((text) => text.includes('kind: RelayProxy'));
    assert.doesNotMatch(relayProxy, CREDENTIAL);
    for (const mode of ['omit', 'placeholders']) {
      const quiet = await runExample(example, [`--secrets=${mode}`]);
      assert.doesNotMatch(quiet.stdout + quiet.stderr, CREDENTIAL);
    }
    // Without Secrets the RelayProxy is the same.
    assert.equal((await runExample(example, ['--secrets', 'omit'])).stdout, relayProxy);
  });
}

test('the examples do hold credentials', () => {
  assert.ok(examples.filter((example) => CREDENTIAL.test(exampleText(example))).length >= 4);
});
