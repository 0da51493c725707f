import type { SecretKey } from './variables.ts';

/** Knows which of the texts in a configuration are the content of a Secret, or stand for it. */
export interface References {
  /** A text that stands for what the Secret holds. */
  textFor(ref: SecretKey): string;
  /** An address of a Redis that stands for what the Secret holds. */
  urlFor(ref: SecretKey): string;
  /** A text that stands for a credential which is at `place`, in words, and was not read. */
  textForUnknown(place: string): string;
  /** An address of a Redis that stands for one which is at `place` and was not read. */
  urlForUnknown(place: string): string;
  /** Where the credential is that a text stands for; undefined for texts that stand for themselves or for a Secret. */
  placeOf(text: string | undefined): string | undefined;
  /** The Secret is known to hold this very text. */
  remember(text: string, ref: SecretKey): void;
  /** The Secret that a text of the configuration comes from. */
  of(text: string | undefined): SecretKey | undefined;
}

/** References with nothing in them. */
export function createReferences(): References {
  const byText = new Map<string, SecretKey>();
  const places = new Map<string, string>();
  const idOf = ({ name, key }: SecretKey): string => `flagrelay-secret.${name}.${key}`;
  const keep = (text: string, ref: SecretKey): string => {
    byText.set(text, ref);
    return text;
  };
  return {
    textFor: (ref) => keep(idOf(ref), ref),
    // With `tls` the front end writes `rediss`.
    urlFor(ref) {
      const host = encodeURIComponent(idOf(ref)).replaceAll('_', '-');
      keep(`rediss://${host}`, ref);
      return keep(`redis://${host}`, ref);
    },
    textForUnknown(place) {
      const text = `flagrelay-unknown.${places.size}`;
      places.set(text, place);
      return text;
    },
    urlForUnknown(place) {
      const host = `flagrelay-unknown.${places.size}`;
      places.set(`redis://${host}`, place);
      places.set(`rediss://${host}`, place);
      return `redis://${host}`;
    },
    placeOf: (text) => (text === undefined ? undefined : places.get(text)),
    remember: (text, ref) => void byText.set(text, ref),
    of: (text) => (text === undefined ? undefined : byText.get(text)),
  };
}
