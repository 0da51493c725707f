import { dockerfileBase, pinnedReference } from './pin-base.ts';
import { buildProducts } from './products.ts';

/**
 * `node e2e/images/main.ts build`: builds the images and prints the name and the archive of each. `base [REFERENCE]`: prints the
 * base image (the Dockerfile's unless one is named) with its digest, for `--build-arg BASE_IMAGE`.
 */
const [command, reference] = process.argv.slice(2);
if (command === 'base') {
  console.log(await pinnedReference(reference ?? dockerfileBase()));
} else if (command === 'build') {
  for (const { image, file } of await buildProducts()) console.log(`${image} ${file}`);
} else {
  console.error(
    `usage: node e2e/images/main.ts build | base [REFERENCE]${command === undefined ? '' : ` (unknown command "${command}")`}`,
  );
  process.exitCode = 2;
}
