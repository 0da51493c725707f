import type { Fault } from '../fault.ts';

const folder = 'relay/src/dialects/launchdarkly/events';
const fault = (what: string, file: string, before: string, after: string, ...names: string[]): Fault => ({
  ...{ what, file: `${folder}/${file}.ts`, before, after, tests: names.map((name) => `${folder}/${name}.test.ts`) },
});

/** Faults of the queues of events. */
export const EVENTS: readonly Fault[] = [
  fault(
    'a batch is added without a comma',
    'payload-queue',
    'if (block.count > 0) block.buffer[block.used - 1] = COMMA;',
    '',
    'payload-queue',
  ),
  fault(
    'a joined batch keeps the id of its first part',
    'payload-queue',
    'block.payloadId = block.count === 0 ? payloadId : undefined;',
    'block.payloadId ??= payloadId;',
    'payload-queue',
  ),
  fault(
    'the youngest payload leaves first',
    'payload-queue',
    'let block = sealed.shift();',
    'let block = sealed.pop();',
    'payload-queue',
  ),
  fault(
    'a block that has grown keeps its old memory',
    'payload-queue',
    '    share.give(before);\n',
    '',
    'payload-queue',
  ),
  fault('memory of a payload is given back twice', 'payload-queue', '      left = bytes;\n', '', 'payload-queue'),
  fault(
    'schemas are not kept apart',
    'queues',
    "`${schema}${unsummarized ? 'u' : ' '}${tags}`",
    "`${unsummarized ? 'u' : ' '}${tags}`",
    'forwarder',
  ),
  fault('a queue that holds something goes', 'queues', 'if (isEmpty(entry[1]) && (idle', 'if ((idle', 'forwarder'),
  fault(
    'a queue that goes keeps its memory',
    'queues',
    '    share.give(bytesOf(queue.tags));\n',
    '',
    'outbound',
    'forwarder',
  ),
  fault(
    'a summary counts no version of its own',
    'summary',
    'const id = `${variation}/${version}`;',
    'const id = `${variation}`;',
    'summarizer',
  ),
  fault(
    'the start of a summary is its last event',
    'summary',
    'creationDate < startDate',
    'creationDate > startDate',
    'summarizer',
  ),
  fault('counters are taken out and stay', 'summary', '          flag.counters.delete(id);\n', '', 'summarizer'),
  fault('each context is new', 'summarizer', '    seen.add(id);\n', '', 'summarizer'),
  fault(
    'debugging never ends',
    'summarizer',
    'debugUntil > now && debugUntil > lastServerTime',
    'debugUntil > 0',
    'summarizer',
  ),
  fault(
    'a refused credential is tried at once',
    'endpoint',
    '      pauseMs: Math.round(pause),\n    });\n  };\n\n  const failed',
    '      pauseMs: Math.round(pause),\n    });\n    pausedUntil = 0;\n  };\n\n  const failed',
    'endpoint',
  ),
  fault('what upstream fails to take is lost', 'endpoint', '    else return parcel;\n', '', 'forwarder'),
  fault(
    'the rest of a refused payload is not counted',
    'endpoint',
    "          metrics.dropped(texts.length - start, 'refused');\n",
    '',
    'endpoint',
    'forwarder',
  ),
  fault(
    'what comes back is forgotten',
    'outbound',
    'if (keeps) returned.push({ parcel: again, queue });',
    'if (keeps) again.release();',
    'outbound',
  ),
  fault(
    'more than five payloads are on their way',
    'outbound',
    'out.size + returned.length < MAX_OUT',
    'out.size < MAX_OUT * 2',
    'outbound',
  ),
  fault(
    'what is left at the end is not counted',
    'outbound',
    "for (const { parcel } of returned.splice(0)) lose(parcel, 'shutdown');",
    'for (const { parcel } of returned.splice(0)) parcel.release();',
    'outbound',
  ),
  fault(
    'who has gone is taken all the same',
    'waiters',
    'if (waiter.gone?.() === true) {',
    'if (false as boolean) {',
    'waiters',
  ),
];
