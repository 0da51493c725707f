import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { fillCompileCache } from './tools/compile-cache.ts';

// A few files start faster and take less memory than a thousand modules, and an image needs nothing beside them. What is
// loaded on demand is a file of its own: one that nobody asks for is not even read.

/**
 * Node's own modules by `getBuiltinModule`, in place of each import. An `import` of them reads every export, and one of `node:http`
 * is a getter that loads a WebSocket client: 30 ms that nobody needs. A module for each would be a small file for each, as others
 * share it, and finding and reading one takes as long as running it.
 */
const builtins: Plugin = {
  name: 'builtins',
  setup({ onResolve, onLoad }) {
    // Every dispatcher of the relay is told `allowH2: false`; undici loads HTTP/2 all the same, and can do without it.
    onResolve({ filter: /^(node:)?http2$/ }, () => ({ path: 'http2', namespace: 'left-out' }));
    onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: 'module.exports = { constants: {} };' }));
    onResolve({ filter: /^(node:)?[a-z0-9_/]+$/ }, ({ path, kind }) => {
      if (!isBuiltin(path)) return undefined;
      const name = path.replace(/^node:/, '');
      return kind === 'require-call' ? { path: `node:${name}`, external: true } : { path: name, namespace: 'builtin' };
    });
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('node:${path}');`,
    }));
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => ({
      contents: withoutBuiltinImports(readFileSync(path, 'utf8')),
      loader: 'ts',
    }));
  },
};

/** A module's text with its imports of Node's modules as declarations, on the same lines. */
function withoutBuiltinImports(text: string): string {
  return text.replace(/^import \{([^}]*)\} from '(node:[^']+)';/gm, (statement, names: string, name: string) => {
    const values = names.split(',').flatMap((one) => {
      const [imported = '', local] = one.trim().split(' as ');
      return imported === '' || imported.startsWith('type ')
        ? []
        : [local === undefined ? imported : `${imported}: ${local}`];
    });
    const lines = '\n'.repeat(statement.split('\n').length - 1);
    return `const { ${values.join(', ')} } = process.getBuiltinModule('${name}');${lines}`;
  });
}

/** undici without `fetch`, WebSockets and mocks, which it loads whether they are used or not and the relay does not use. */
const undici: Plugin = {
  name: 'undici',
  setup({ onLoad }) {
    onLoad({ filter: /undici[\\/]index\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(
        /require\('\.\/lib\/(mock|web)\/[^']*'\)/g,
        'new Proxy({}, { get: () => class Unused {} })',
      ),
      loader: 'js',
    }));
  },
};

const outdir = join(import.meta.dirname, 'dist');
rmSync(outdir, { recursive: true, force: true });
await build({
  entryPoints: { main: join(import.meta.dirname, 'src', 'bundle.ts') },
  outdir,
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  // Names stay: stack traces are read by people.
  minifyWhitespace: true,
  minifySyntax: true,
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'warning',
  // Packages that choose by it take more than ten modules less; code that is not for production goes.
  define: { 'process.env.NODE_ENV': '"production"' },
  plugins: [builtins, undici],
  // CommonJS packages call `require`, which an ES module does not have.
  banner: { js: "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);" },
});
// Without this, Node parses each file to find out what it is.
writeFileSync(join(outdir, 'package.json'), '{ "type": "module" }\n');
await fillCompileCache(outdir);
