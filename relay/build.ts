import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, resolve } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { fillCompileCache } from './tools/compile-cache.ts';

// One file starts faster than a thousand modules, and an image needs nothing beside it. It is a script and not a set of ES modules:
// those are found, read and linked one by one, and Node does not give what V8 has compiled of them later. What is used on demand lies in it
// unevaluated, as text; a command of another package is a file of its own, which no relay reads.

/** Modules of Node that a usual start does not need, and that take 1 to 5 ms each: loaded at the first use of what they export. */
const LATE: ReadonlySet<string> = new Set(['fs/promises', 'https', 'tls', 'zlib']);

/** The same for packages: evaluated at their first use. */
const LATE_PACKAGES = ['re2js', 'yaml'] as const;

/**
 * Node's own modules by `getBuiltinModule`, in place of each import. An `import` of them reads every export, and one of `node:http`
 * is a getter that loads a WebSocket client: 30 ms that nobody needs.
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
      contents: LATE.has(path)
        ? late(`process.getBuiltinModule('node:${path}')`, process.getBuiltinModule(path) ?? {})
        : `module.exports = process.getBuiltinModule('node:${path}');`,
    }));
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => ({
      contents: withoutBuiltinImports(readFileSync(path, 'utf8')),
      loader: 'ts',
    }));
  },
};

function late(load: string, exports: object): string {
  const getters = Object.keys(exports).map((key) => `get '${key}'() { return ${load}['${key}']; }`);
  return `module.exports = { __esModule: true, ${getters.join(', ')} };`;
}

/** {@link LATE_PACKAGES} behind getters. */
const latePackages: Plugin = {
  name: 'late-packages',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^(${LATE_PACKAGES.join('|')})$`) }, ({ path, namespace }) =>
      namespace === 'late' ? undefined : { path, namespace: 'late' },
    );
    onLoad({ filter: /.*/, namespace: 'late' }, async ({ path }) => ({
      contents: late(`require('${path}')`, (await import(path)) as object),
      resolveDir: import.meta.dirname,
    }));
  },
};

/** A module's text with its imports of Node's modules as declarations (but for {@link LATE}), on the same lines. */
function withoutBuiltinImports(text: string): string {
  return text.replace(/^import \{([^}]*)\} from '(node:[^']+)';/gm, (statement, names: string, name: string) => {
    if (LATE.has(name.slice('node:'.length))) return statement;
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

/** What packages load whether it is used or not, and the relay does not use: files by their path, and the requires in them that go. */
const UNUSED: readonly { readonly file: RegExp; readonly requires: RegExp }[] = [
  // `fetch`, WebSockets, mocks, and dispatchers and interceptors of other kinds.
  {
    file: /undici[\\/]index\.js$/,
    requires:
      /'\.\/lib\/(mock|web|interceptor\/(?!cache')|cache\/sqlite|handler|dispatcher\/(balanced|round|env|retry|h2c))[^']*'/,
  },
  // Exemplars of traces, and metrics that are pushed.
  { file: /prom-client[\\/]lib[\\/]metrics[\\/]processCpuTotal\.js$/, requires: /'@opentelemetry\/api'/ },
  { file: /prom-client[\\/]index\.js$/, requires: /'\.\/lib\/pushgateway'/ },
  // Colors of log lines.
  { file: /logform[\\/]levels\.js$/, requires: /'\.\/colorize'/ },
  // Bodies in any encoding there is: the relay reads bodies itself.
  { file: /express[\\/]lib[\\/]express\.js$/, requires: /'body-parser'/ },
];

/** Commands of other packages, by the module that runs each: what `start.ts` imports, and the file that it becomes. */
const COMMANDS: ReadonlyMap<string, string> = new Map([['@flagrelay/migrate/command', 'migrate']]);

/** Modules of ours that bring a large package for what few ask for, by the end of their path: files of their own, too. */
const APART: ReadonlyMap<string, string> = new Map([['store/dynamodb/aws', 'aws-dynamodb']]);

/** {@link COMMANDS} and {@link APART} as files beside the bundle. */
const commands: Plugin = {
  name: 'commands',
  setup({ onResolve }) {
    onResolve({ filter: /^@flagrelay[\\/]/ }, ({ path }) => {
      const file = COMMANDS.get(path);
      return file === undefined ? undefined : { path: `./${file}.js`, external: true };
    });
    onResolve({ filter: /^\.\/[a-z-]+\.ts$/ }, ({ path, resolveDir, kind }) => {
      const module = join(resolveDir, path);
      const file = [...APART].find(([end]) => module.endsWith(`${join('src', end)}.ts`))?.[1];
      return file === undefined || kind === 'entry-point' ? undefined : { path: `./${file}.js`, external: true };
    });
  },
};

/** Stands for what is left out; winston tells `addColors` of its levels. */
const NOTHING = 'new Proxy({}, { get: () => class Unused { static addColors() {} } })';

/** Packages without their unused parts ({@link UNUSED}). */
const unused: Plugin = {
  name: 'unused',
  setup({ onLoad }) {
    for (const { file, requires } of UNUSED) {
      const call = new RegExp(`require\\((?:${requires.source})\\)`, 'g');
      onLoad({ filter: file }, ({ path }) => {
        const text = readFileSync(path, 'utf8');
        const contents = text.replace(call, NOTHING);
        if (contents === text) throw new Error(`${path} has no ${call} any more`);
        return { contents, loader: 'js' };
      });
    }
  },
};

// Usage: node build.ts [FOLDER]
const outdir = resolve(process.argv[2] ?? join(import.meta.dirname, 'dist'));
const source = (name: string): string => join(import.meta.dirname, 'src', name);
const common = {
  outdir,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  // Names stay: stack traces are read by people.
  minifyWhitespace: true,
  minifySyntax: true,
  // It is read as such.
  charset: 'ascii',
  legalComments: 'none',
  logLevel: 'warning',
  // `bundle.ts` runs a script, which has `require` and no `import()`.
  supported: { 'dynamic-import': false },
} as const satisfies BuildOptions;
const mapped = { sourcemap: 'linked', sourcesContent: false } as const satisfies BuildOptions;
rmSync(outdir, { recursive: true, force: true });
await build({
  ...common,
  ...mapped,
  entryPoints: { relay: source('cli/start.ts') },
  // Packages that choose by it take more than ten modules less; code that is not for production goes.
  // undici has two HTTP parsers, and this leaves out the one on trial.
  define: { 'process.env.NODE_ENV': '"production"', esbuildDetection: 'true' },
  plugins: [commands, builtins, latePackages, unused],
  // What `bundle.ts` calls.
  banner: { js: '(function (require) {' },
  footer: { js: '})' },
});
await build({
  ...common,
  ...mapped,
  entryPoints: {
    ...Object.fromEntries([...COMMANDS].map(([module, file]) => [file, module])),
    ...Object.fromEntries([...APART].map(([module, file]) => [file, source(`${module}.ts`)])),
  },
});
await build({ ...common, entryPoints: { main: source('bundle.ts') }, define: { 'import.meta.dirname': '__dirname' } });
// Without this, Node parses each file to find out what it is.
writeFileSync(join(outdir, 'package.json'), '{ "type": "commonjs" }\n');
await fillCompileCache(outdir);
