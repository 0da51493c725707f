import type { Random } from './random.ts';
import { damaged, oddValue } from './values.ts';

const PATHS = [
  '/',
  '/flags/one',
  '/flags/__proto__',
  '/flags/constructor',
  '/segments/seg',
  '/flags/',
  '/other/x',
  '',
  'flags',
];
const FLAG_MEMBERS = [
  'on',
  'rules',
  'targets',
  'fallthrough',
  'variations',
  'offVariation',
  'salt',
  'prerequisites',
  'deleted',
  '__proto__',
];

/** Bytes of one frame of LaunchDarkly's stream: a change of a flag or segment, often with wrong members, sometimes no event at all. */
export function upstreamFrame(random: Random, version: number): string {
  const choice = random.next();
  if (choice < 0.05)
    return random.pick([
      ':\n\n',
      'data\n\n',
      '\n\n',
      'event: put\n\n',
      'retry: x\nid: 1\n\n',
      '\ufeffevent: put\ndata: {}\n\n',
    ]);
  const event = random.pick(['patch', 'patch', 'patch', 'delete', 'put', 'goodbye', '__proto__']);
  const item = flagText(random, version);
  const path = random.pick(PATHS);
  const data = event === 'put' ? `{"flags":{"one":${item},"__proto__":${item}},"segments":{}}` : item;
  const text = `{"path":${JSON.stringify(event === 'put' ? '/' : path)},"version":${version},"data":${data}}`;
  const sent = choice < 0.15 ? damaged(random, text) : text;
  return `event: ${event}\ndata: ${sent.replace(/[\r\n]/g, ' ')}\n\n`;
}

function flagText(random: Random, version: number): string {
  const key = random.pick(['one', 'two', '__proto__', 'constructor']);
  const odd = random.chance(0.3) ? `,${JSON.stringify(random.pick(FLAG_MEMBERS))}:${oddValue(random)}` : '';
  const clause = `{"attribute":"name","op":"matches","values":["(a+)+$",${random.pick(['"["', '1', '"x"', 'null'])}],"negate":false}`;
  const rule = `{"id":"r","variation":0,"clauses":[${clause}]}`;
  return `{"key":"${key}","version":${version},"on":true,"salt":"s","variations":[1,"a",{"__proto__":1}],"offVariation":0,"fallthrough":{"variation":${random.below(5)}},"rules":[${rule}],"clientSideAvailability":{"usingMobileKey":true,"usingEnvironmentId":true}${odd}}`;
}
