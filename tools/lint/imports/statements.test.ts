import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importsOf } from './statements.ts';

const specifiers = (text: string) => importsOf(text).map(({ specifier }) => specifier);

test('each form of an import is seen, those of types too', () => {
  assert.deepEqual(
    specifiers(`
      import a, { b as c } from './a.ts';
      import type { D } from "./d.ts";
      import * as e from './e.ts';
      import './f.ts';
      export * from './g.ts';
      export * as h from './h.ts';
      export { i, type J } from './i.ts';
      export type { K } from './k.ts';
      const l = await import('./l.ts');
      type M = import('./m.ts').M;
      const n = import(\`./n.ts\`);
    `),
    ['a', 'd', 'e', 'f', 'g', 'h', 'i', 'k', 'l', 'm', 'n'].map((name) => `./${name}.ts`),
  );
});

test('names over several lines, and the line where the statement begins', () => {
  assert.deepEqual(importsOf("\nimport {\n  a,\n  type B,\n} from './a.ts';\n"), [{ specifier: './a.ts', line: 2 }]);
});

test('a name may be "from" or "type"', () => {
  assert.deepEqual(
    specifiers("import from from './a.ts';\nimport type from './b.ts';\nimport { from } from './c.ts';"),
    ['./a.ts', './b.ts', './c.ts'],
  );
});

test('what only looks like an import is none', () => {
  assert.deepEqual(
    specifiers(`
      // import { a } from './a.ts';
      /* export * from './b.ts'; */
      const text = "import { c } from './c.ts'";
      const template = \`import d from './d.ts' \${f({ from: './e.ts' })} import g from './g.ts'\`;
      const pattern = /'import h from /;
      export const from = './i.ts';
      export { from };
      const url = import.meta.url;
      object.import('./j.ts');
      await import(name);
    `),
    [],
  );
});

test('a quote within a regular expression or a nested template does not hide what follows', () => {
  assert.deepEqual(
    specifiers("const a = b / c; const d = /[/'\"`]/.test(e); const f = `${`${g}'`}`;\nimport h from './h.ts';"),
    ['./h.ts'],
  );
});
