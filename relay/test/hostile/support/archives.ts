import { gzipSync } from 'node:zlib';
import {
  CHECKSUM_FILE,
  checksum,
  dataFile,
  environmentFile,
} from '../../../src/dialects/launchdarkly/sources/archive/format.ts';
import { sampleData } from '../../../src/testing/relay.ts';
import type { Random } from '../../fuzz/random.ts';
import { damaged } from '../../fuzz/values.ts';
import { hostileFlag } from './shapes.ts';
import { ATTACKED, type Keys, NEIGHBOUR } from './victim.ts';

const BLOCK = 512;

/** One entry of a tar (POSIX ustar), whose header may say another size than it has. */
function entry(name: string, content: Buffer, declared: number = content.length, type = '0'): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(name.slice(0, 100), 0);
  header.write('0000600\0', 100);
  header.write(`${declared.toString(8).padStart(11, '0').slice(-11)}\0`, 124);
  header.write('00000000000\0', 136);
  header.write(' '.repeat(8), 148);
  header.write(type, 156);
  header.write('ustar\0'.concat('00'), 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)]);
}

function filesOf(keys: Keys, version: number, data: string): [string, Buffer][] {
  const env = { envID: keys.env, mobKey: keys.mobile, sdkKey: { value: keys.sdk }, version };
  return [
    [environmentFile(keys.env), Buffer.from(JSON.stringify({ env, dataId: `data ${version}` }))],
    [dataFile(keys.env), Buffer.from(data)],
  ];
}

/** The tar of both environments, of which the neighbour's is as it always was. @param more entries before the others */
function tarOf(attacked: readonly [string, Buffer][], more: readonly Buffer[] = []): Buffer {
  const files = new Map([...attacked, ...filesOf(NEIGHBOUR, 1, JSON.stringify(sampleData()))]);
  const entries = [...files].map(([name, content]) => entry(name, content));
  return Buffer.concat([...more, ...entries, entry(CHECKSUM_FILE, checksum(files)), Buffer.alloc(2 * BLOCK)]);
}

/** An archive that anybody would take. */
export function goodArchive(version: number): Buffer {
  return gzipSync(tarOf(filesOf(ATTACKED, version, JSON.stringify(sampleData()))), { level: 1 });
}

/** More than a pod takes, made once: it takes a while. */
let bomb: Buffer | undefined;
function hugeEntry(): Buffer {
  bomb ??= gzipSync(entry(environmentFile('huge'), Buffer.alloc(300 * 2 ** 20)), { level: 1 });
  return bomb;
}

/** The bytes of an archive with data that cost or cannot be, with headers that lie, or cut and damaged on its way. */
export function hostileArchive(random: Random, version: number): Buffer {
  const data = (): string => `{"flags":{"odd":${hostileFlag(random, version)}},"segments":{}}`;
  const attacked = filesOf(ATTACKED, version, data());
  switch (random.below(9)) {
    case 0:
      return gzipSync(tarOf(filesOf(ATTACKED, version, damaged(random, data()))), { level: 1 });
    case 1: {
      const whole = gzipSync(tarOf(attacked), { level: 1 });
      return whole.subarray(0, random.below(whole.length));
    }
    case 2: {
      const whole = gzipSync(tarOf(attacked), { level: 1 });
      for (let count = 0; count < 3; count++) whole[random.below(whole.length)]! ^= 1 << random.below(8);
      return whole;
    }
    case 3:
      // Gzip takes members one after the other.
      return Buffer.concat([hugeEntry(), gzipSync(tarOf(attacked), { level: 1 })]);
    case 4:
      return tarOf(attacked, [entry('lies', Buffer.from('short'), random.pick([0, 2 ** 30, 8 ** 11 - 1]))]);
    case 5:
      return tarOf(attacked, [
        entry(
          random.pick(['../../etc/passwd', '/etc/passwd', 'a/b/c.json', '__proto__.json', '\0']),
          Buffer.from('{}'),
        ),
        entry('link.json', Buffer.alloc(0), 0, random.pick(['1', '2', '3', '5', 'x', 'L', 'g'])),
      ]);
    case 6: {
      const small = entry('n', Buffer.alloc(0));
      return tarOf(attacked, [Buffer.concat(Array.from({ length: 25_000 }, () => small))]);
    }
    case 7: {
      const text = random.pick(['null', '[]', '{', '{"env":null}', '{"env":{"envID":1e400}}', '['.repeat(200_000)]);
      return tarOf([
        [environmentFile(ATTACKED.env), Buffer.from(text)],
        [dataFile(ATTACKED.env), Buffer.from(data())],
      ]);
    }
    default:
      return gzipSync(tarOf(attacked), { level: 1 });
  }
}
