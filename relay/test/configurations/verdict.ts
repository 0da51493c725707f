import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.ts';
import type { Configuration } from './generate.ts';

/** What a relay says about a configuration: it starts with it, or it does not and says why. */
export interface Verdict {
  readonly accepted: boolean;
  /** What it said, for people. */
  readonly reasons: readonly string[];
}

/** A relay that can be asked. */
export interface Judge {
  verdict(configuration: Configuration): Promise<Verdict>;
  close(): void;
}

/** How long an ld-relay that says nothing has to end, in ms; one that goes on after that was started. */
const SILENCE_MS = 1_500;
/** What an ld-relay logs after it has taken its configuration. */
const STARTED = /Starting LaunchDarkly client|AutoConfiguration|Starting server listening/;
const REFUSED = /ERROR: (?:Configuration error|Error loading config file|Unable to create relay|Error: ).*/;

/** This relay, in this process. */
export function ours(): Judge {
  const folder = mkdtempSync(join(tmpdir(), 'flagrelay-configurations-'));
  return {
    async verdict({ ini, env }) {
      const result = loadConfig(argumentsFor(ini, folder), env);
      if (result.kind !== 'exit') return { accepted: true, reasons: result.warnings };
      const lines = (result.stderr ?? '').split('\n').map((line) => line.trim());
      return { accepted: false, reasons: lines.filter((line) => line !== '' && !/^(flagrelay:|warning:)/.test(line)) };
    },
    close: () => rmSync(folder, { recursive: true }),
  };
}

/** An ld-relay, of the given program: it is started with each configuration, and ended as soon as it has taken it. */
export function program(path: string): Judge {
  const folder = mkdtempSync(join(tmpdir(), 'flagrelay-configurations-'));
  return {
    verdict: ({ ini, env }) =>
      new Promise((resolve, reject) => {
        const child = spawn(path, argumentsFor(ini, folder), { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
        let said = '';
        let verdict: Verdict | undefined;
        const end = (found: Verdict): void => {
          verdict ??= found;
          child.kill('SIGKILL');
        };
        const timer = setTimeout(() => end({ accepted: true, reasons: [] }), SILENCE_MS);
        const hear = (chunk: Buffer): void => {
          said += chunk.toString();
          const refused = REFUSED.exec(said);
          if (refused) end({ accepted: false, reasons: [refused[0]] });
          else if (STARTED.test(said)) end({ accepted: true, reasons: [] });
        };
        child.stdout.on('data', hear);
        child.stderr.on('data', hear);
        child.on('error', reject);
        child.on('close', (code) => {
          clearTimeout(timer);
          resolve(verdict ?? { accepted: code === 0, reasons: [said.slice(-500)] });
        });
      }),
    close: () => rmSync(folder, { recursive: true }),
  };
}

let files = 0;

function argumentsFor(ini: string | undefined, folder: string): string[] {
  if (ini === undefined) return ['--from-env'];
  // A name of its own: several may be asked at a time.
  files += 1;
  const file = join(folder, `${files % 64}.conf`);
  writeFileSync(file, ini);
  return ['--config', file, '--from-env'];
}
