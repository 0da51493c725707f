import { buildProducts } from './products.ts';

/** `node e2e/images/main.ts build`: builds the images and prints the name and the archive of each. */
const command = process.argv[2];
if (command === 'build') {
  for (const { image, file } of await buildProducts()) console.log(`${image} ${file}`);
} else {
  console.error(
    `usage: node e2e/images/main.ts build${command === undefined ? '' : ` (unknown command "${command}")`}`,
  );
  process.exitCode = 2;
}
