import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharedLibraries } from './machine-files.ts';

test('takes libraries and the loader out of what ldd prints, not the kernel page', () => {
  const output = `\tlinux-vdso.so.1 (0x00007f3a3b220000)
\tlibdl.so.2 => /lib/x86_64-linux-gnu/libdl.so.2 (0x00007f3a3b20a000)
\t/lib64/ld-linux-x86-64.so.2 (0x00007f3a3b222000)
`;
  assert.deepEqual(sharedLibraries(output), ['/lib/x86_64-linux-gnu/libdl.so.2', '/lib64/ld-linux-x86-64.so.2']);
});
