import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { CredentialIndex } from './credential-index.ts';

const FILTERS = ['', 'f'];
const DIGESTS = ['k1', 'k2', 'k3'];

/** The rules of the index, by looking at everything each time. */
class Model {
  /** In order of arrival. */
  readonly owners = new Map<string, { filter: string; digests: Set<string> }>();
  readonly held = new Map<string, string>();

  claim(owner: string, filter: string, digests: readonly string[]): void {
    const { digests: claimed } = this.owners.get(owner) ?? { digests: new Set<string>() };
    this.owners.set(owner, { filter, digests: claimed });
    for (const digest of digests) {
      claimed.add(digest);
      if (!this.held.has(`${digest} ${filter}`)) this.held.set(`${digest} ${filter}`, owner);
    }
  }

  release(owner: string, keep: readonly string[] | undefined): string[] {
    const claims = this.owners.get(owner);
    const dropped: string[] = [];
    for (const digest of [...(claims?.digests ?? [])]) {
      if (keep?.includes(digest) === true) continue;
      claims?.digests.delete(digest);
      const slot = `${digest} ${claims?.filter}`;
      if (this.held.get(slot) !== owner) continue;
      dropped.push(digest);
      this.held.delete(slot);
      const next = [...this.owners].find(([, one]) => one.filter === claims?.filter && one.digests.has(digest));
      if (next !== undefined) this.held.set(slot, next[0]);
    }
    if (keep === undefined) this.owners.delete(owner);
    return dropped;
  }
}

suite('the index of credentials', () => {
  test('whatever is claimed and released: the first holds, those who wait follow in the order in which they came', () => {
    const some = fc.subarray(DIGESTS);
    const step = fc.record({
      owner: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      claim: some,
      release: fc.option(fc.record({ keep: fc.option(some, { nil: undefined }) }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const index = new CredentialIndex<string>();
        const model = new Model();
        for (const { owner, claim, release } of steps) {
          // An owner keeps its filter for as long as it lives.
          const filter = owner < 'd' ? '' : 'f';
          if (release !== undefined) {
            const keep = release.keep === undefined ? undefined : new Set(release.keep);
            assert.deepEqual(index.release(owner, keep), model.release(owner, release.keep));
          }
          if (release === undefined || release.keep !== undefined) {
            index.claim(owner, filter, claim);
            model.claim(owner, filter, claim);
          }
          for (const digest of DIGESTS) {
            const expected = FILTERS.flatMap((one) => {
              const holder = model.held.get(`${digest} ${one}`);
              return holder === undefined ? [] : [[one, holder]];
            });
            assert.deepEqual([...(index.holders(digest) ?? [])].sort(), expected.sort());
            assert.equal(index.holders(digest)?.size, expected.length === 0 ? undefined : expected.length);
          }
          for (const [one, { filter: its, digests }] of model.owners) {
            const waits = [...digests].some((digest) => model.held.get(`${digest} ${its}`) !== one);
            assert.equal(index.waits(one), waits);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test('a claim says whose a credential is', () => {
    const index = new CredentialIndex<string>();
    assert.deepEqual(index.claim('a', '', ['k1']), []);
    assert.deepEqual(index.claim('b', '', ['k1', 'k2']), [{ digest: 'k1', holder: 'a' }]);
    assert.deepEqual(index.claim('c', 'f', ['k1']), []);
  });

  test('whom nobody knows has nothing to release', () => {
    assert.deepEqual(new CredentialIndex<string>().release('a'), []);
  });
});
