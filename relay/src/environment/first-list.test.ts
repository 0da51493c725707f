import assert from 'node:assert/strict';
import { test } from 'node:test';
import { relayDocument } from '../config/document.ts';
import { definitionsOf } from '../dialects/launchdarkly/sources/configured/definition.ts';
import { recordingDefinitions } from '../testing/definition-sink.ts';
import { rememberFirstList } from './first-list.ts';

test('only environments of the first list that had their key were there at the start', () => {
  const list = (...environments: object[]) => definitionsOf(relayDocument.parse({ environments }));
  const target = recordingDefinitions();
  const sink = rememberFirstList(target);
  assert.equal(sink.wasThere('a'), false);
  sink.replace(list({ name: 'a', sdkKey: 'sdk-a' }, { name: 'keyless', sdkKeyFile: '/nosuch' }));
  sink.replace(list({ name: 'a', sdkKey: 'sdk-a' }, { name: 'later', sdkKey: 'sdk-b' }));
  assert.deepEqual(['a', 'keyless', 'later'].map(sink.wasThere), [true, false, false]);
  assert.equal(target.lists.length, 2);
});
