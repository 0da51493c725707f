import type { Definition, DefinitionSink } from './definition.ts';

/** A sink that remembers which environments there were at the start. */
export interface FirstListSink<D extends Definition> extends DefinitionSink<D> {
  /** The environment was in the first list, with its credential. */
  wasThere(id: string): boolean;
}

/**
 * Passes everything on to `sink`. What is in the first list counts as the start of the relay: an environment that comes
 * later and gets no data is its own trouble, and no reason to end a relay that serves others (contract 9.1).
 */
export function rememberFirstList<D extends Definition>(sink: DefinitionSink<D>): FirstListSink<D> {
  let first: ReadonlySet<string> | undefined;
  return {
    replace(definitions) {
      first ??= new Set(
        definitions.flatMap(({ id, credentialProblem }) => (credentialProblem === undefined ? [id] : [])),
      );
      sink.replace(definitions);
    },
    change: (changes) => sink.change(changes),
    refused: (entries) => sink.refused?.(entries),
    wasThere: (id) => first?.has(id) === true,
  };
}
