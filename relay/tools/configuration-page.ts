import { USAGE } from '../src/config/command-line.ts';
import { NAMED_SECTIONS, type Option, type Section } from '../src/config/option.ts';
import { OPTIONS, optionsOf } from '../src/config/options.ts';
import { OBSOLETE_VARIABLES, UNSUPPORTED_OPTIONS } from '../src/config/options-unsupported.ts';
import { ALLOWED } from '../src/config/values.ts';

const INTRODUCTION = `# Configuration

<!-- Made by relay/tools/docs.ts from relay/src/config/options.ts. Do not edit. -->

The relay reads the environment variables and the INI file of LaunchDarkly's Relay Proxy as they are, or a JSON document
(the schema is \`relay/src/config/document.ts\`; the operator writes that one). \`flagrelay check-config\` with the same
arguments prints what would run, with secrets masked, or every mistake at once. A mistake ends the process with exit code 2.

## Command line

\`\`\`
${USAGE}\`\`\`

- File and variables together: a variable that is set and not empty wins over the file, option by option.
- \`--file\` reads environment variables too. Without any environment it serves one named \`default\`: SDK key \`sdk-local\`,
  mobile key \`mob-local\`, client-side ID \`local\`.
- In the file, names of sections and keys may be written in any case; \`#\` and \`;\` start comments; a repeated key extends a list.
- Every secret may be in a file instead. Files of an environment's keys and of the AutoConfig key are watched: a new key is
  taken over without a restart, and a file that is missing at start may come later. A file that is gone for a while ends
  nothing: see [keys.md](keys.md).
- The document is watched too; changes of \`environments\` and \`filters\` are taken over, all but an
  environment's \`prefix\` in Redis. Others wait for a restart: the log, \`flagrelay_config_held\` and the report name them.
- An environment that has no data after \`initTimeout\` ends the process with a message, unless \`ignoreConnectionErrors\` is on.

## Values

| Kind | Allowed |
| --- | --- |
`;

/** The whole page about the configuration, as Markdown. */
export function configurationPage(): string {
  const sections = [...new Set(OPTIONS.map((option) => option.section))].filter(hasSupported);
  return `${INTRODUCTION}${valueRows()}\n${sections.map(sectionText).join('\n')}\n${refusedText()}`;
}

function valueRows(): string {
  const used = [...new Set(OPTIONS.map((option) => option.type))];
  return used.map((type) => `| ${type} | ${ALLOWED[type]} |\n`).join('');
}

function hasSupported(section: Section): boolean {
  return optionsOf(section).some((option) => option.refused === undefined);
}

function sectionText(section: Section): string {
  const title = NAMED_SECTIONS.has(section) ? `\`[${section} "NAME"]\`` : `\`[${section}]\``;
  const rows = optionsOf(section).filter((option) => option.refused === undefined);
  return `## ${title}\n\n| Key | Variable | Kind | Default | Meaning |\n| --- | --- | --- | --- | --- |\n${rows.map(row).join('')}`;
}

function row(option: Option): string {
  const own = option.own ? ' *' : '';
  const meaning = option.unused === undefined ? option.text : `${option.text} Ignored: ${option.unused}.`;
  const cells = [
    code(option.key),
    code(variable(option)),
    option.type,
    option.default ?? option.unset ?? '–',
    `${meaning}${own}`,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
}

function variable(option: Option): string | undefined {
  return option.env?.endsWith('_') ? `${option.env}NAME` : option.env;
}

function code(text: string | undefined): string {
  return text === undefined ? '–' : `\`${text}\``;
}

function refusedText(): string {
  const refused = UNSUPPORTED_OPTIONS.filter((option) => option.env !== undefined);
  const rows = refused.map((option) => `| \`${option.env}\` | ${option.text} | ${option.refused} |\n`);
  const obsolete = OBSOLETE_VARIABLES.map(({ env, instead }) => {
    const name = (text: string): string => `\`${text.endsWith('_') ? `${text}NAME` : text}\``;
    return `| ${name(env)} | From older versions. | ${instead === undefined ? 'remove it' : `use ${name(instead)}`} |\n`;
  });
  return `\\* not in ld-relay 8.10

## Refused

A configuration that switches one of these on does not start; the message says the same as this table.

| Variable | What | Instead |
| --- | --- | --- |
${[...rows, ...obsolete].join('')}`;
}
