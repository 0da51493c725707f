import { type FileWatch, watchFiles } from '../files/watch.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { RelayConfig } from './document.ts';
import { type ConfigWatch, loadJsonDocument } from './load.ts';
import { noProblems } from './problems.ts';
import { restartParts } from './restart-parts.ts';

/** Options of {@link holdDocument}. */
export interface HeldDocumentOptions {
  readonly watch: ConfigWatch;
  /** Called with the parts of the document that wait for a restart, whenever they are others. */
  readonly onHeld?: (parts: readonly string[]) => void;
  /** Called at each look with why the document is not there; undefined while it is. */
  readonly onAbsent?: (problem: string | undefined) => void;
  /** How often the document is looked at although nothing was said, in ms. */
  readonly pollMs?: number;
}

/**
 * Looks at the document of a relay whose environments come from elsewhere. Nothing of it can change while the relay runs, so
 * what differs is reported once, and waits.
 */
export function holdDocument(config: RelayConfig, logger: Logger, options: HeldDocumentOptions): FileWatch {
  const { path } = options.watch;
  let said = '';
  const say = (
    text: string,
    message: string,
    fields: { readonly problem: string } | { readonly parts: string },
  ): void => {
    if (text === said) return;
    said = text;
    if (text !== '') logger.warn(message, fields);
  };
  const check = (): void => {
    const problems = noProblems();
    const document = loadJsonDocument(path, problems, config);
    const problem = problems.mistakes.join('; ');
    options.onAbsent?.(problem.startsWith('cannot read ') ? problem : undefined);
    if (document === undefined) {
      say(problem, 'the changed configuration is not used', { problem });
      return;
    }
    const parts = restartParts(config, document);
    const text = parts.join(', ');
    if (text !== said) options.onHeld?.(parts);
    say(text, 'these parts of the configuration take effect at the next start', { parts: text });
  };
  return watchFiles([path], check, options.pollMs);
}
