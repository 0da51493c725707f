import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edgesOf } from './graph.ts';

const workspaces = [
  {
    folder: 'core',
    name: '@house/core',
    exports: { '.': './src/index.ts', './data': './src/data.ts', './io/*': './src/io/*.ts' },
  },
];

test('imports by path and by the exports of a workspace lead to files', () => {
  const files = [
    {
      path: 'app/main.ts',
      text: "import '../core/src/data.ts';\nimport type { A } from '@house/core';\nimport '@house/core/io/disk';",
    },
    { path: 'core/src/index.ts', text: "export * from './data.ts';" },
    { path: 'core/src/data.ts', text: '' },
    { path: 'core/src/io/disk.ts', text: '' },
  ];
  assert.deepEqual(edgesOf(files, workspaces), [
    { from: 'app/main.ts', to: 'core/src/data.ts', line: 1, byPath: true },
    { from: 'app/main.ts', to: 'core/src/index.ts', line: 2, byPath: false },
    { from: 'app/main.ts', to: 'core/src/io/disk.ts', line: 3, byPath: false },
    { from: 'core/src/index.ts', to: 'core/src/data.ts', line: 1, byPath: true },
  ]);
});

test('what leads out of the repository is left out', () => {
  const text =
    "import fs from 'node:fs';\nimport '@house/core-more';\nimport '@house/core/secret';\nimport './data.json';";
  assert.deepEqual(edgesOf([{ path: 'app/main.ts', text }], workspaces), []);
});
