import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../machine/paths.ts';

/** Time that a registry has for one answer, ms. */
const TIMEOUT_MS = 30_000;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
/** What a tag may lead to: an index over platforms, or the image of one. */
const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** The base image of the Dockerfile. Throws when it names none. */
export function dockerfileBase(text = readFileSync(join(repositoryRoot, 'Dockerfile'), 'utf8')): string {
  const found = /^ARG BASE_IMAGE=(\S+)$/m.exec(text)?.[1];
  if (found === undefined) throw new Error('Dockerfile: there is no line ARG BASE_IMAGE=…');
  return found;
}

/**
 * The reference with its digest, which a registry cannot change any more: as it is where it has one, else as the registry has
 * the tag now. Throws when the registry cannot be asked, or gives none.
 * @param scheme of the registry, for tests
 */
export async function pinnedReference(reference: string, scheme: 'https' | 'http' = 'https'): Promise<string> {
  if (/@sha256:[0-9a-f]{64}$/.test(reference)) return reference;
  const parts = /^([^/]+[.:][^/]*)\/([^:@]+)(?::([^@]+))?$/.exec(reference);
  if (parts === null) throw new Error(`${reference}: must be REGISTRY/NAME, with a tag or a digest`);
  const [, registry, name, tag = 'latest'] = parts;
  const url = `${scheme}://${registry}/v2/${name}/manifests/${tag}`;
  const ask = (headers: Readonly<Record<string, string>>) =>
    fetch(url, {
      method: 'HEAD',
      headers: { accept: MANIFESTS, ...headers },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  let answer: Response;
  try {
    answer = await ask({});
    const challenge = answer.headers.get('www-authenticate');
    if (answer.status === 401 && challenge !== null) answer = await ask(await anonymous(challenge));
  } catch (cause) {
    throw new Error(`${reference}: its registry cannot be asked for the digest`, { cause });
  }
  const digest = answer.headers.get('docker-content-digest') ?? '';
  if (!answer.ok || !DIGEST.test(digest)) {
    throw new Error(`${reference}: its registry answers HTTP ${answer.status} without a digest`);
  }
  return `${reference}@${digest}`;
}

/** The header of somebody without an account, as registries want it even for what is public. */
async function anonymous(challenge: string): Promise<Record<string, string>> {
  const parameter = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1] ?? '';
  const query = new URLSearchParams({ service: parameter('service'), scope: parameter('scope') });
  const answer = await fetch(`${parameter('realm')}?${query}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  const { token } = (await answer.json()) as { token?: string };
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}
