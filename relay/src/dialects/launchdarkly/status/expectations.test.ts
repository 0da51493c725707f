import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StatusDocument } from './document.ts';
import { checkExpectations } from './expectations.ts';

const document = {
  status: 'healthy',
  environments: { 'a.b.c': { status: 'connected' } },
} as unknown as StatusDocument;
const statusOf = (...expressions: string[]) => checkExpectations(document, expressions).status;

test('a path may go through names with dots in them', () => {
  assert.equal(statusOf('status=healthy', 'environments.a.b.c.status=connected'), 200);
  assert.equal(statusOf('environments.a.b.c.status!=connected'), 412);
});

test('a path that is longer or deeper than any name is refused, and not looked for', () => {
  assert.equal(statusOf(`${'a.'.repeat(16)}b=x`), 422);
  assert.equal(statusOf(`${'a'.repeat(513)}=x`), 422);
  const { status, body } = checkExpectations(document, [`${'a.'.repeat(500_000)}b=${'x'.repeat(500_000)}`]);
  assert.equal(status, 422);
  assert.match(body.results[0]?.problem ?? '', /more than 512 characters or 16 segments/);
  assert.ok(JSON.stringify(body).length < 4096);
});

test('expressions behind the hundredth are not looked at, and the whole is not satisfied', () => {
  const { status, body } = checkExpectations(document, new Array<string>(10_000).fill('status=healthy'));
  assert.equal(status, 412);
  assert.equal(body.results.length, 100);
});
