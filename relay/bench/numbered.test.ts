import assert from 'node:assert/strict';
import { test } from 'node:test';
import { benchData } from './dataset.ts';
import { NUMBER, numberedContext, numberText } from './numbered.ts';

test('each number makes another valid context of the same kinds', () => {
  for (const context of benchData('small').contexts.slice(0, 50)) {
    const text = (count: number) =>
      Buffer.from(numberedContext(context).replace(NUMBER, numberText(count)), 'base64url').toString();
    const { user, visit, ...rest } = JSON.parse(text(7));
    assert.equal(user?.visit ?? visit, '000000007');
    assert.equal(rest.kind, context.kind);
    assert.equal(user?.key ?? rest.key, (context.user as { key: string } | undefined)?.key ?? context.key);
    assert.notEqual(text(8), text(7));
  }
});
