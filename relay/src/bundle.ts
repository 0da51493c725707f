import { readFileSync } from 'node:fs';
import { Module } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';

// Entry of the bundle: runs `relay.js` beside it, with what V8 has compiled of it before. `build.ts` makes that from a relay that
// has served, so that it holds each function that a start calls; Node's own compile cache holds what loading compiles at once, and
// most of a start would be compiling the rest. V8 refuses what another version made, and compiles as it goes.

/** The file with compiled code for this version of Node and this kind of processor. */
export const cacheFile: string = join(import.meta.dirname, 'cache', `${process.version}-${process.arch}`);

const relayFile = join(import.meta.dirname, 'relay.js');

/** The relay's code, from which its compiled form can be taken (`tools/compile-cache.ts`); undefined when source maps are wanted. */
export const script: Script | undefined = process.sourceMapsEnabled ? undefined : compile(relayFile);

type Wrapped = (require: NodeJS.Require) => void;
const run = script === undefined ? load(relayFile) : script.runInThisContext();
(run as Wrapped)(require);

// A function, so that text and cache are garbage when it returns. The text is ASCII (esbuild sees to that).
function compile(filename: string): Script {
  return new Script(readFileSync(filename, 'latin1'), { filename, cachedData: readCache() });
}

function readCache(): Buffer | undefined {
  try {
    return readFileSync(cacheFile);
  } catch {
    return undefined; // made for another Node
  }
}

/** As a module, for Node reads the source maps of modules only. */
function load(filename: string): unknown {
  const module = new Module(filename) as Module & { _compile(text: string, filename: string): void };
  module._compile(`module.exports = ${readFileSync(filename, 'latin1')}`, filename);
  return module.exports;
}
