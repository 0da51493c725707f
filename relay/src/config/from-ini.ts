import { parseIni } from './ini.ts';
import { NAMED_SECTIONS, type Option, type Section } from './option.ts';
import { OPTIONS } from './options.ts';
import type { Problems } from './problems.ts';
import { readOption, type Settings } from './settings.ts';
import { adviceForKey, nearest } from './spelling.ts';

/** Sections that this relay does not have: of these only the switch matters. */
const MISSING_SECTIONS: ReadonlySet<Section> = new Set<Section>([
  'Consul',
  'DynamoDB',
  'Datadog',
  'Stackdriver',
  'OpenTelemetry',
]);

const SECTIONS = new Map<string, Section>(OPTIONS.map((option) => [option.section.toLowerCase(), option.section]));

/**
 * Reads the text of ld-relay's configuration file into settings (contract 4.1): names of sections and keys in any case,
 * an unknown one is a mistake, a repeated key extends a list and otherwise the last one counts.
 * @param file name for messages
 */
export function readIni(text: string, file: string, settings: Settings, problems: Problems): void {
  const ini = parseIni(text);
  for (const { line, message } of ini.mistakes) problems.mistakes.push(`${file} line ${line}: ${message}`);
  for (const { section: written, subsection, line } of ini.sections) {
    const section = SECTIONS.get(written.toLowerCase());
    if (!section) {
      const known = [...SECTIONS.values()];
      const meant = nearest(written, known);
      problems.mistakes.push(
        `${file} line ${line}: unknown section [${written}]${meant === undefined ? '' : `; did you mean [${meant}]?`}; allowed are ${known.join(', ')}`,
      );
    } else if (!NAMED_SECTIONS.has(section)) {
      if (subsection)
        problems.mistakes.push(`${file} line ${line}: [${section}] takes no name, it was "${subsection}"`);
    } else if (subsection) {
      settings.addName(section, subsection);
    } else {
      problems.mistakes.push(`${file} line ${line}: [${section}] needs a name, such as [${section} "name"]`);
    }
  }
  for (const entry of ini.entries) {
    const section = SECTIONS.get(entry.section.toLowerCase());
    if (!section || (NAMED_SECTIONS.has(section) && !entry.subsection)) continue;
    const origin = `[${section}${entry.subsection ? ` "${entry.subsection}"` : ''}] ${entry.key} (${file} line ${entry.line})`;
    const option = findOption(section, entry.key);
    if (!option) {
      if (MISSING_SECTIONS.has(section)) problems.dropped?.push({ origin, why: insteadOf(section) });
      else {
        const advice = adviceForKey(entry.key, keys(section));
        problems.mistakes.push(`${origin}: unknown key${advice}; allowed are ${keys(section).join(', ')}`);
      }
      continue;
    }
    if (entry.value === undefined && option.type !== 'switch') {
      problems.mistakes.push(`${origin}: has no value; only a true/false key may stand alone`);
      continue;
    }
    const text = entry.value ?? 'true';
    if (text === '' && option.type !== 'switch') continue;
    const before = settings.get(section, entry.key, entry.subsection);
    readOption(settings, option, { text, origin, name: entry.subsection }, problems);
    const after = settings.get(section, entry.key, entry.subsection);
    if (before && after && before !== after && Array.isArray(before.value) && Array.isArray(after.value)) {
      settings.set(section, entry.key, entry.subsection, { origin, value: [...before.value, ...after.value] });
    }
  }
}

/** What a section that this relay does not have is replaced by. */
function insteadOf(section: Section): string {
  const first = OPTIONS.find((option) => option.section === section);
  return first?.refused ?? first?.unused ?? '';
}

function findOption(section: Section, key: string): Option | undefined {
  const lower = key.toLowerCase();
  return OPTIONS.find(
    (option) =>
      (option.section === section || option.alsoIn?.includes(section) === true) && option.key?.toLowerCase() === lower,
  );
}

function keys(section: Section): string[] {
  return OPTIONS.flatMap((option) => (option.section === section && option.key ? [option.key] : []));
}
