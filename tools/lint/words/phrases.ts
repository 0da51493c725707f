/** A phrase that readers of English would not write so, or not understand at once. */
export interface Phrase {
  /** As it is called in the list of known ones. */
  readonly name: string;
  /** Global, and looked for in prose: comments, strings, pages; line breaks are spaces there. */
  readonly pattern: RegExp;
  /** What to write. */
  readonly instead: string;
}

/** Phrases that are kept out; `docs/glossary.md` has the words of the field. */
export const PHRASES: readonly Phrase[] = [
  {
    name: 'What X needs',
    // Alone in its comment: what begins and ends a comment is spaces.
    pattern: /(?<=^ *| {3})What [\w`-]+(?: [\w`-]+){0,5} needs?\.?(?= {2}|$)/g,
    instead: 'say what the members have in common or are for, or drop the docstring',
  },
  {
    name: 'say nothing',
    pattern: /\bsa(?:y|ys|id) nothing\b/g,
    instead: '"is ignored", "has no effect"',
  },
  { name: 'anew', pattern: /\banew\b/g, instead: '"again", "from scratch"' },
  {
    name: 'headless who',
    pattern: /\bwhoever\b|\bWhoever\b|(?<=(?:^|[.:;|"'] *| {3}))Who [a-z]+s\b(?![^.;]*\?)/g,
    instead: '"clients that …", "a pod that …", "anyone who …"',
  },
  { name: 'stands above', pattern: /\bstands? above\b/g, instead: '"takes precedence over"' },
  { name: 'makes no sense', pattern: /\bmakes? no sense\b/g, instead: '"is not valid"' },
  {
    name: 'is no error',
    pattern: /\b(?:is|are) no (?:error|mistake)\b/g,
    instead: '"is not an error", "does not fail …"',
  },
  { name: 'for ever', pattern: /\bfor ever\b/g, instead: '"forever", "indefinitely"' },
  { name: 'of before', pattern: /\bof before\b/g, instead: '"earlier", "previous", "old"' },
  { name: 'that there are', pattern: /\bthat there (?:is|are)\b/g, instead: 'drop it, or "existing"' },
  { name: 'so long', pattern: /\b(?:for|not) so long\b/g, instead: '"that long", "for this time"' },
  {
    name: 'is told',
    pattern: /\b(?:is|are|was|were) told\b(?! apart)/g,
    instead: '"is reported", "is logged", "learns"',
  },
  { name: 'look after', pattern: /\b[Ll]ook(?:s|ed|ing)? after\b/g, instead: '"manages", "is responsible for"' },
  { name: 'take up', pattern: /\b(?:tak(?:es?|en|ing)|took) up\b/g, instead: '"reloads", "applies", "picks up"' },
  { name: 'under way', pattern: /\bunder way\b/g, instead: '"in progress", "pending"' },
  { name: 'get ready', pattern: /\b(?:gets?|got) ready\b/g, instead: '"becomes ready"' },
  {
    name: 'how it does',
    pattern: /\bhow (?:it|they) do(?:es)?\b(?! (?:it|so|this|that)\b)/gi,
    instead: '"its health", "its state"',
  },
  { name: 'without a word', pattern: /\bwith(?:out|) a word\b|\bwithout (?:any )?words?\b/g, instead: '"silently"' },
  { name: 'what ails', pattern: /\bwhat ails\b/g, instead: '"the problem", "the cause"' },
  { name: 'mend', pattern: /\bmend(?:s|ed|ing)?\b/gi, instead: '"fix"' },
  {
    name: 'by an instrument',
    pattern:
      /\b(?:authenticated|chosen|elected|kept|looked up|measured|protected|searched|signed|tried|verified) by (?:an? |the )?(?:HMAC|Lease|regular expression|token|password|certificate|hash|header)\b/g,
    instead: '"with", "using"',
  },
  { name: 'unset:', pattern: /\b(?:unset|not set|left out): (?=[a-z`])/gi, instead: '"If unset, …"' },
  {
    name: 'as long as memory serves',
    pattern: /\bas long as memory serves\b/g,
    instead: '"as far as it is still remembered"',
  },
];
