import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EnvironmentDefinition } from '../../dialects/launchdarkly/model/definition.ts';
import { recordingDefinitions } from '../../testing/definition-sink.ts';
import { recordingLogger } from '../../testing/logger.ts';
import { createEnvironmentLoggers } from './environment-loggers.ts';

const definition = (id: string, name: string): EnvironmentDefinition => ({
  id,
  name,
  acceptedSdkKeys: [],
  expiringSdkKeys: [],
  secureMode: false,
  ttlMs: 0,
  allowedOrigins: [],
  allowedHeaders: [],
});

test('a source of a renamed environment logs under its new name, one of another does not', () => {
  const log = recordingLogger();
  const loggers = createEnvironmentLoggers(log);
  const sink = loggers.before(recordingDefinitions());
  sink.replace([definition('a', 'old'), definition('b', 'other')]);
  const [a, b] = [loggers.loggerOf(definition('a', 'old')), loggers.loggerOf(definition('b', 'other'))];
  a.info('one');
  sink.replace([definition('a', 'new'), definition('b', 'other')]);
  a.info('two');
  b.info('three');
  assert.deepEqual(
    log.lines.map(({ message, environment }) => [message, environment]),
    [
      ['one', 'old'],
      ['two', 'new'],
      ['three', 'other'],
    ],
  );
});

test('what is told about the list goes on to the sink, all of it, and loggers follow a change', () => {
  const log = recordingLogger();
  const loggers = createEnvironmentLoggers(log);
  const target = recordingDefinitions();
  const sink = loggers.before(target);
  sink.replace([definition('a', 'old')]);
  const logger = loggers.loggerOf(definition('a', 'old'));
  sink.refused?.(new Map([['b', 'a mistake']]));
  sink.change({ removed: [], changed: [definition('a', 'new')] });
  logger.info('one');
  assert.equal(log.lines[0]?.environment, 'new');
  assert.deepEqual(target.refusals, [new Map([['b', 'a mistake']])]);
  sink.change({ removed: ['a'], changed: [] });
  assert.deepEqual(target.lists.at(-1), []);
  assert.notEqual(loggers.loggerOf(definition('a', 'again')), logger);
});
