import { type Evidence, someOf, type Verdict } from './verdict.ts';

/** Releases of the relay that this release of the operator manages: its own and the one before. */
const SUPPORTED_MINORS_BACK = 1;

/**
 * VersionSkew: some pod runs a release that this operator does not support, which is any but its own and the one before.
 * A pod says itself what it runs, as an image's tag is no proof.
 */
export function versionSkew({ snapshot: { instances, operatorVersion } }: Evidence): Verdict {
  const versions = [...new Set(instances.flatMap(({ version }) => version ?? []))].sort();
  const reasons = versions.map((version) => [version, skewOf(version, operatorVersion)] as const);
  const tooNew = reasons.filter(([, skew]) => skew === 'TooNew').map(([version]) => version);
  if (tooNew.length > 0) {
    const message = `Pods run ${someOf(tooNew)}, the operator is ${operatorVersion}: upgrade the operator first.`;
    return { status: 'True', reason: 'RelayTooNew', message };
  }
  const tooOld = reasons.filter(([, skew]) => skew === 'TooOld').map(([version]) => version);
  if (tooOld.length > 0) {
    const message = `Pods run ${someOf(tooOld)}, the operator is ${operatorVersion} and supports the release before it: update \`spec.image\`.`;
    return { status: 'True', reason: 'RelayTooOld', message };
  }
  return { status: 'False', reason: 'Supported', message: 'Pods run a supported release, or have not said which.' };
}

/**
 * How far a relay's release is from the operator's, by major and minor number; before 1.0 the minor number stands for the
 * major one in semantic versioning, but one release before is supported all the same. Undefined: near enough, or not a
 * release's number at all, such as that of a build from source.
 */
export function skewOf(relay: string, operator: string): 'TooOld' | 'TooNew' | undefined {
  const [theirs, ours] = [minorOf(relay), minorOf(operator)];
  if (theirs === undefined || ours === undefined) return undefined;
  if (theirs.major !== ours.major) return theirs.major > ours.major ? 'TooNew' : 'TooOld';
  if (theirs.minor > ours.minor) return 'TooNew';
  return theirs.minor < ours.minor - SUPPORTED_MINORS_BACK ? 'TooOld' : undefined;
}

function minorOf(version: string): { readonly major: number; readonly minor: number } | undefined {
  const found = /^v?(\d+)\.(\d+)\./.exec(version);
  return found ? { major: Number(found[1]), minor: Number(found[2]) } : undefined;
}
