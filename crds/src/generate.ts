import { customResourceDefinitionYaml } from './definition.ts';
import { runGenerator } from './generated-files.ts';
import { referenceMarkdown } from './reference.ts';

/** Makes the CRD and the field reference from the schema; `--check` tells whether they are up to date. */
const files = [
  { name: 'crds/relayproxies.yaml', text: customResourceDefinitionYaml() },
  { name: 'crds/REFERENCE.md', text: referenceMarkdown() },
].map((file) => ({ ...file, url: new URL(`../../${file.name}`, import.meta.url) }));

process.exitCode = runGenerator('npm run crds', files, process.argv.slice(2));
