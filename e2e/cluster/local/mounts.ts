import { readFileSync } from 'node:fs';
import { run } from '../../machine/run.ts';

/**
 * Mount points at or below a folder, innermost first.
 *
 * @param mountinfo content of `/proc/self/mountinfo`
 */
export function mountPointsBelow(mountinfo: string, folder: string): string[] {
  return mountinfo
    .split('\n')
    .map((line) => withoutEscapes(line.split(' ')[4] ?? ''))
    .filter((point) => point === folder || point.startsWith(`${folder}/`))
    .reverse();
}

/**
 * Unmounts everything below the folders. A mount that is still busy is detached, to go when its last user goes.
 *
 * @throws CommandError when a mount cannot even be detached
 */
export async function unmountBelow(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    for (const point of mountPointsBelow(readFileSync('/proc/self/mountinfo', 'utf8'), folder)) {
      await run('umount', [point], { timeoutMs: 10_000 }).catch(() =>
        run('umount', ['--lazy', point], { timeoutMs: 10_000 }),
      );
    }
  }
}

/** Octal escapes of mountinfo (space, tab, newline, backslash). */
function withoutEscapes(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
