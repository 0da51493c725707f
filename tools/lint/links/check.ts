import { posix } from 'node:path';
import type { SourceFile } from '../source/files.ts';
import { linesOf } from '../source/tokens.ts';

// Where a path in a page begins when it is one of the repository, from its root.
const OWN = /^(?:\.github|charts|crds|docs|e2e|kube|migrate|operator|relay|tools)\//;
const LINK = /\]\(([^)\s]+)\)/g;
const CODE = /`([^`\s]+)`/g;

/**
 * Links between pages that lead nowhere, and paths in code style (`relay/src/main.ts`) that are none, a line each.
 * @param pages Markdown files
 * @param exists whether there is a file or folder, by its path from the root
 */
export function linkProblems(pages: readonly SourceFile[], exists: (path: string) => boolean): string[] {
  const anchors = new Map(pages.map(({ path, text }) => [path, anchorsOf(text)]));
  return pages.flatMap(({ path, text }) => {
    const lineOf = linesOf(text);
    // Blocks of code show output and YAML.
    const prose = text.replace(/^```[\s\S]*?^```/gm, (block) => block.replace(/[^\n]/g, ' '));
    const links = [...prose.matchAll(LINK)].flatMap((match) => {
      const problem = linkProblem(path, match[1] as string, anchors, exists);
      return problem === undefined ? [] : [`${path}:${lineOf(match.index)}: ${problem}`];
    });
    const paths = [...prose.matchAll(CODE)].flatMap((match) => {
      const named = (match[1] as string).replace(/:\d+$/, '');
      if (!OWN.test(named) || /[*{}<>$…()]/.test(named) || exists(named.replace(/\/$/, ''))) return [];
      return [`${path}:${lineOf(match.index)}: there is no ${named}`];
    });
    return [...links, ...paths];
  });
}

function linkProblem(
  page: string,
  link: string,
  anchors: ReadonlyMap<string, ReadonlySet<string>>,
  exists: (path: string) => boolean,
): string | undefined {
  if (/^[a-z]+:/.test(link)) return undefined;
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? page : posix.join(posix.dirname(page), decodeURI(file)).replace(/\/$/, '');
  if (!exists(target)) return `the link to ${link} leads nowhere`;
  const missing = anchor !== undefined && anchors.has(target) && !anchors.get(target)?.has(anchor);
  return missing ? `${target} has no heading #${anchor}` : undefined;
}

/** The anchors of a page's headings, by GitHub's rule: lower case, spaces as dashes, all but letters, digits, dashes and underscores left out. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of text.matchAll(/^#+ +(.+?) *$/gm)) {
    const stem = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    let anchor = stem;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${stem}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}
