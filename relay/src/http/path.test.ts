import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTarget, queryParam } from './path.ts';

test('a clean path is taken as it is, with its query raw', () => {
  assert.deepEqual(parseTarget('/sdk/flags'), { path: '/sdk/flags', query: '' });
  assert.deepEqual(parseTarget('/eval/e/abc=?h=%41&x'), { path: '/eval/e/abc=', query: 'h=%41&x' });
  assert.deepEqual(parseTarget('http://relay:8030/status?x=1'), { path: '/status', query: 'x=1' });
});

test('escapes are decoded before matching, so that %2F is a slash (contract 1.1)', () => {
  assert.deepEqual(parseTarget('/sdk%2Fflags'), { path: '/sdk/flags', query: '' });
  assert.deepEqual(parseTarget('/sdk/flags/key%20with%20space'), { path: '/sdk/flags/key with space', query: '' });
  assert.deepEqual(parseTarget('/sdk/flags/%ff'), { path: '/sdk/flags/\ufffd', query: '' });
});

test('a broken escape is malformed (contract 1.4)', () => {
  assert.deepEqual(parseTarget('/sdk/flags/%zz'), { problem: 'malformed' });
  assert.deepEqual(parseTarget('/sdk/flags/%4'), { problem: 'malformed' });
});

test('unclean paths are redirected, query kept (contract 1.1)', () => {
  assert.deepEqual(parseTarget('//status'), { problem: 'unclean', location: '/status' });
  assert.deepEqual(parseTarget('/sdk/../status?x=1'), { problem: 'unclean', location: '/status?x=1' });
  assert.deepEqual(parseTarget('/%2e%2e/status'), { problem: 'unclean', location: '/status' });
  assert.deepEqual(parseTarget('/sdk/evalx//contexts/a=='), {
    problem: 'unclean',
    location: '/sdk/evalx/contexts/a==',
  });
});

test('the location of a redirect is escaped as Go does, and an empty query stays', () => {
  assert.deepEqual(parseTarget("//a(b)'c*!/$&+,:;=@~?"), {
    problem: 'unclean',
    location: '/a%28b%29%27c%2A%21/$&+,:;=@~?',
  });
});

test('a redirect never leaves the host', () => {
  for (const url of ['//evil.example/x', '/%2F/evil.example', '/.//evil.example']) {
    const target = parseTarget(url);
    assert.ok('problem' in target && target.problem === 'unclean');
    assert.match(target.location, /^\/(?!\/)/);
  }
});

test('query parameters: the first counts, escapes are decoded, broken ones are skipped', () => {
  assert.equal(queryParam('withReasons=true&withReasons=false', 'withReasons'), 'true');
  assert.equal(queryParam('a=1&filter=x%20y', 'filter'), 'x y');
  assert.equal(queryParam('filter=%zz&filter=ok', 'filter'), 'ok');
  assert.equal(queryParam('withReasons', 'withReasons'), '');
  assert.equal(queryParam('xfilter=1', 'filter'), '');
  assert.equal(queryParam('f%69lter=x', 'filter'), 'x');
});

test('query parameters behind the thousandth are not looked at', () => {
  assert.equal(queryParam(`${'a=b&'.repeat(999)}filter=x`, 'filter'), 'x');
  assert.equal(queryParam(`${'a=b&'.repeat(1000)}filter=x`, 'filter'), '');
});
