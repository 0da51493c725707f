/** What became of something that was set. */
export type NoteKind =
  /** The result is not complete without it: somebody has to do it. */
  | 'todo'
  /** Set, and not taken over: it has no counterpart. */
  | 'lost'
  /** Taken over, but not as it was. */
  | 'changed'
  /** Not set, and ld-relay's default is another than the RelayProxy's. */
  | 'default'
  /** Not taken over, and nothing is missing without it. */
  | 'needless';

/** One line of the report. Never holds a credential. */
export interface Note {
  readonly kind: NoteKind;
  /** What was set, and where: the variable, or section and key, or path of the value, with file and line. */
  readonly subject: string;
  /** What became of it, why, and what to do instead. */
  readonly text: string;
}

/** Collects what a migration has to say. */
export interface Report {
  note(kind: NoteKind, subject: string, text: string): void;
  readonly notes: readonly Note[];
}

/** An empty report; the same note twice is one. */
export function createReport(): Report {
  const notes = new Map<string, Note>();
  return {
    note: (kind, subject, text) => void notes.set(`${kind}\n${subject}\n${text}`, { kind, subject, text }),
    get notes() {
      return [...notes.values()];
    },
  };
}

const HEADINGS: Readonly<Record<NoteKind, string>> = {
  todo: 'To do',
  lost: 'Not taken over',
  changed: 'Taken over with a change',
  default: 'Was not set, and the default is another one',
  needless: 'Not needed any more',
};

/** True when somebody has to read the report before the manifests are used. */
export function needsAttention(notes: readonly Note[]): boolean {
  return notes.some(({ kind }) => kind === 'todo' || kind === 'lost');
}

/** The report as text for people; ends in a line feed. */
export function reportText(notes: readonly Note[]): string {
  const parts = (Object.keys(HEADINGS) as NoteKind[]).flatMap((kind) => {
    const lines = notes.filter((note) => note.kind === kind).map(({ subject, text }) => `  ${subject}: ${text}\n`);
    return lines.length === 0 ? [] : [`${HEADINGS[kind]} (${lines.length}):\n${lines.join('')}`];
  });
  return parts.length === 0 ? 'Everything that was set is taken over as it was.\n' : parts.join('\n');
}
